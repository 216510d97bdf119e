import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import type { Paths } from '../config/paths.ts';

/** What the bundle is made of: a change in any of it makes another bundle. */
const SOURCES = ['workflows', 'contracts'];

function fingerprint(repository: string): string {
  const hash = createHash('sha256');
  for (const folder of SOURCES) {
    for (const name of readdirSync(join(repository, folder)).sort()) {
      if (!name.endsWith('.ts')) continue;
      hash.update(`${folder}/${name}\0`).update(readFileSync(join(repository, folder, name)));
    }
  }
  hash.update(readFileSync(join(repository, 'package-lock.json')));
  return hash.digest('hex').slice(0, 16);
}

/**
 * The workflows as one script, built when it is not there yet. A worker that bundles for itself starts five seconds later
 * and keeps the bundler's memory.
 */
export async function workflowBundle(paths: Paths): Promise<string> {
  const folder = join(paths.tools, 'workflow-bundle');
  const file = join(folder, `${fingerprint(paths.repository)}.js`);
  if (existsSync(file)) return file;
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(paths.repository, 'workflows', 'index.ts'),
    logger: QUIET,
  });
  await mkdir(folder, { recursive: true });
  // Several workers may build at once: each writes its own draft, and the last rename wins with the same bytes.
  const draft = `${file}.${process.pid}.new`;
  await writeFile(draft, code);
  await rename(draft, file);
  return file;
}

/** The bundler reports every module; its failures it throws. */
const ignore = (): void => undefined;
const QUIET = { log: ignore, trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };
