import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import { loadConfig } from '../../config/config.ts';

export interface Edit {
  /** Below `workflows/`. */
  file: string;
  find: RegExp;
  replacement: string;
}

const insert = (before: RegExp, line: string): Edit => ({
  file: 'listening-window.ts',
  find: before,
  replacement: `${line}\n`,
});
const IMPORTS = /^(?=import )/m;
const BEFORE_INGEST = /^(?= *const ingested = )/m;
const BEFORE_COMPACT = /^(?= *const compacted = )/m;
const LOOK = 'await activities.generation.finishGeneration({ request: input });';

/** One step more before ingest and one more after it: a window that is in ingest has passed one and not the other. */
export const GATED: readonly Edit[] = [
  insert(IMPORTS, "import { patched as isPatched } from '@temporalio/workflow';"),
  insert(BEFORE_INGEST, `if (isPatched('look-before-ingest')) ${LOOK}`),
  insert(BEFORE_COMPACT, `if (isPatched('look-before-compact')) ${LOOK}`),
];
/** How it must not be deployed. */
export const UNGATED: readonly Edit[] = [insert(BEFORE_INGEST, LOOK)];

const ignore = (): void => undefined;
const QUIET = { log: ignore, trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

/**
 * The workflows of today with some edits, as a bundle: what a developer is about to deploy. Kept under a name made from its
 * sources, because bundling takes seconds.
 * @throws Error when an edit finds nothing to replace
 */
export async function changedBundle(edits: readonly Edit[]): Promise<string> {
  const { paths } = loadConfig();
  const bundles = join(paths.tools, 'workflow-bundle');
  await mkdir(bundles, { recursive: true });
  // Inside the repository, where its packages are found.
  const copy = await mkdtemp(join(await realpath(bundles), 'changed-'));
  try {
    for (const folder of ['workflows', 'contracts']) {
      await cp(join(paths.repository, folder), join(copy, folder), { recursive: true });
    }
    for (const { file, find, replacement } of edits) {
      const path = join(copy, 'workflows', file);
      const text = await readFile(path, 'utf8');
      if (!find.test(text)) throw new Error(`${file} has nothing like ${find}: mend the edit of this test`);
      await writeFile(path, text.replace(find, replacement));
    }
    const bundle = join(bundles, `changed-${await digestOf(copy)}.js`);
    if (existsSync(bundle)) return bundle;
    const { code } = await bundleWorkflowCode({
      workflowsPath: join(copy, 'workflows', 'index.ts'),
      logger: QUIET,
    });
    await writeFile(join(copy, 'bundle.js'), code);
    await rename(join(copy, 'bundle.js'), bundle);
    return bundle;
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

async function digestOf(folder: string): Promise<string> {
  const hash = createHash('sha256');
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = found.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  for (const file of files.sort()) hash.update(file.slice(folder.length)).update(await readFile(file));
  return hash.digest('hex').slice(0, 16);
}
