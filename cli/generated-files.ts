import { existsSync } from 'node:fs';
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Ledger, mergeLedgers } from '../contracts/ledger.ts';
import type { WindowRequest } from '../contracts/steps.ts';
import { windowKey } from '../contracts/window.ts';
import { catalogueNdjson } from '../generator/catalogue.ts';
import { generateShard } from '../generator/generate.ts';

export interface GeneratedWindow {
  window: string;
  directory: string;
  files: { file: string; bytes: number; records: number }[];
  ledger: Ledger;
}

/**
 * Creates a directory and what is missing above it, one by one: Node's own `recursive` never returns where the file
 * system answers "no such file" to a directory that cannot be made, as /proc does.
 */
export async function makeDirectory(directory: string): Promise<void> {
  const missing: string[] = [];
  for (let at = directory; !existsSync(at) && dirname(at) !== at; at = dirname(at)) missing.unshift(at);
  for (const one of missing) await mkdir(one);
}

/** Puts a whole directory in the place of another: a reader sees the old one or the new one, never half. */
async function replaceDirectory(draft: string, target: string): Promise<void> {
  const old = `${draft}.old`;
  try {
    await rename(target, old);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  await rename(draft, target);
  await rm(old, { recursive: true, force: true });
}

async function writeShards(
  request: WindowRequest,
  directory: string,
  onRecords: (records: number) => void,
): Promise<Omit<GeneratedWindow, 'directory'>> {
  const files: GeneratedWindow['files'] = [];
  const ledgers: Ledger[] = [];
  let done = 0;
  for (let shard = 0; shard < request.shards; shard++) {
    const file = `shard-${String(shard).padStart(4, '0')}.ndjson`;
    const handle = await open(join(directory, file), 'w');
    try {
      const { ledger, bytes } = await generateShard({ ...request, shard }, async (lines) => {
        await handle.writeFile(lines);
        done += lines.length;
        onRecords(done);
      });
      files.push({ file, bytes, records: ledger.arrived.total });
      ledgers.push(ledger);
    } finally {
      await handle.close();
    }
  }
  const ledger = mergeLedgers(ledgers as [Ledger, ...Ledger[]]);
  await writeFile(join(directory, 'ledger.json'), `${JSON.stringify(ledger, null, 2)}\n`);
  return { window: request.window, files, ledger };
}

/**
 * Writes a window below `out` as `window=<key>/shard-NNNN.ndjson` and `ledger.json`, in the place of what was there.
 * @param onBytes how many bytes of the window are written so far
 */
export async function writeWindow(
  request: WindowRequest,
  out: string,
  onBytes: (bytes: number) => void,
): Promise<GeneratedWindow> {
  const name = `window=${windowKey(request.window)}`;
  const draft = join(out, `.${name}.${process.pid}.partial`);
  const discard = (): Promise<void> => rm(draft, { recursive: true, force: true });
  const interrupted = (): void => void discard().finally(() => process.exit(130));
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    await makeDirectory(draft);
    const written = await writeShards(request, draft, onBytes);
    await replaceDirectory(draft, join(out, name));
    return { ...written, directory: join(out, name) };
  } finally {
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
    await discard();
  }
}

/** Writes the seed's catalogue to `catalogue/tracks.ndjson` below `out`. */
export async function writeCatalogue(seed: number, out: string): Promise<string> {
  const directory = join(out, 'catalogue');
  const file = join(directory, 'tracks.ndjson');
  const draft = `${file}.${process.pid}.partial`;
  await makeDirectory(directory);
  try {
    await writeFile(draft, catalogueNdjson(seed));
    await rename(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
  return file;
}
