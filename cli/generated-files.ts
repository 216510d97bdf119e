import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Ledger, mergeLedgers } from '../contracts/ledger.ts';
import { WINDOW_MS, windowKey, windowStartMs } from '../contracts/window.ts';
import { catalogueLines } from '../generator/catalogue/catalogue-lines.ts';
import { generateShard, type ShardRequest } from '../generator/generate.ts';
import { TrackSet } from '../generator/records/track-set.ts';
import { HeardListeners } from './heard-listeners.ts';
import { mergedLines } from './merged-lines.ts';

/** All shards of a window. */
type GeneratedRequest = Omit<ShardRequest, 'shard'>;

export interface GeneratedWindow {
  window: string;
  directory: string;
  files: { file: string; bytes: number; records: number }[];
  ledger: Ledger;
}

/** What the windows written so far tell of; listeners only where they are asked for. */
export class Mentioned {
  readonly tracks = new TrackSet();
  readonly listeners: HeardListeners | undefined;

  constructor({ profiles }: { profiles: boolean }) {
    this.listeners = profiles ? new HeardListeners() : undefined;
  }
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
  request: GeneratedRequest,
  directory: string,
  mentioned: Mentioned,
  onRecords: (records: number) => void,
): Promise<Omit<GeneratedWindow, 'directory'>> {
  const files: GeneratedWindow['files'] = [];
  const ledgers: Ledger[] = [];
  const endMs = windowStartMs(request.window) + WINDOW_MS;
  let done = 0;
  for (let shard = 0; shard < request.shards; shard++) {
    const file = `shard-${String(shard).padStart(4, '0')}.ndjson`;
    const handle = await open(join(directory, file), 'w');
    try {
      const { ledger, bytes, tracks } = await generateShard({ ...request, shard }, async (lines) => {
        await handle.writeFile(lines);
        mentioned.listeners?.take(lines, endMs);
        done += lines.length;
        onRecords(done);
      });
      files.push({ file, bytes, records: ledger.arrived.total });
      ledgers.push(ledger);
      for (const track of tracks) mentioned.tracks.add(track);
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
 * @param mentioned learns of its tracks and listeners
 * @param onBytes how many bytes of the window are written so far
 */
export async function writeWindow(
  request: GeneratedRequest,
  out: string,
  mentioned: Mentioned,
  onBytes: (bytes: number) => void,
): Promise<GeneratedWindow> {
  const name = `window=${windowKey(request.window)}`;
  const draft = join(out, `.${name}.${process.pid}.partial`);
  const discard = (): Promise<void> => rm(draft, { recursive: true, force: true });
  const interrupted = (): void => void discard().finally(() => process.exit(130));
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    await makeDirectory(draft);
    const written = await writeShards(request, draft, mentioned, onBytes);
    await replaceDirectory(draft, join(out, name));
    return { ...written, directory: join(out, name) };
  } finally {
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
    await discard();
  }
}

/** The seeds of the windows that stand below `out`, by their ledgers; of one whose ledger cannot be read, nothing is known. */
export async function seedsIn(out: string): Promise<Set<number>> {
  const seeds = new Set<number>();
  const names = await readdir(out).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  for (const name of names) {
    if (!name.startsWith('window=')) continue;
    const text = await readFile(join(out, name, 'ledger.json'), 'utf8').catch(() => '');
    const ledger = Ledger.pick({ seed: true }).safeParse(parsed(text));
    if (ledger.success) seeds.add(ledger.data.seed);
  }
  return seeds;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

async function replaceFile(file: string, lines: Iterable<string> | AsyncIterable<string>): Promise<string> {
  const draft = `${file}.${process.pid}.partial`;
  try {
    const handle = await open(draft, 'w');
    try {
      for await (const some of lines) await handle.writeFile(some);
    } finally {
      await handle.close();
    }
    await rename(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
  return file;
}

interface Below {
  out: string;
  /** Whether windows of this seed stood there before: what they tell of is kept. */
  keeps: boolean;
}

function writeNamed(lines: Iterable<string>, name: string, field: string, below: Below): Promise<string> {
  const file = join(below.out, name);
  return replaceFile(file, below.keeps ? mergedLines(file, lines, field) : lines);
}

/** Writes the tracks of the written windows to `catalogue.ndjson` below `out`, by number. */
export const writeCatalogue = (seed: number, { tracks }: Mentioned, below: Below): Promise<string> =>
  writeNamed(catalogueLines(seed, tracks), 'catalogue.ndjson', 'track_id', below);

/** Writes the profiles of the listeners in the written windows to `listeners.ndjson` below `out`, by name. */
export const writeListeners = (seed: number, listeners: HeardListeners, below: Below): Promise<string> =>
  writeNamed(listeners.lines(seed), 'listeners.ndjson', 'listener_id', below);
