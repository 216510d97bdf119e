import { resolve } from 'node:path';
import type { Command } from 'commander';
import { loadConfig } from '../../config/config.ts';
import { VolumeShape, WindowRequest } from '../../contracts/steps.ts';
import { consecutiveWindows, WindowId } from '../../contracts/window.ts';
import { assertCanBeGenerated } from '../../generator/generate.ts';
import { DEFECT_HELP, defectRates } from '../defect-arguments.ts';
import { CommandFailure } from '../failure.ts';
import {
  type GeneratedWindow,
  Mentioned,
  seedsIn,
  writeCatalogue,
  writeListeners,
  writeWindow,
} from '../generated-files.ts';
import { SHAPE_HELP } from '../window-arguments.ts';

const EXAMPLE =
  'npx reprise generate --start 2026-01-05T08:00Z --windows 3 --events 20000 --seed 7 --out ./events';

interface Options {
  start: string;
  windows: string;
  events: string;
  seed: string;
  shards: string;
  shape: string;
  defect: string[];
  defects: boolean;
  out: string;
  profiles?: boolean;
  json?: boolean;
}

function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw new CommandFailure(`--${option} is ${text}; it must be a whole number from ${least} to ${most}`, {
    mend: EXAMPLE,
  });
}

/** @throws CommandFailure */
function requestsFrom(options: Options): WindowRequest[] {
  const start = WindowId.safeParse(options.start);
  if (!start.success)
    throw new CommandFailure(`--start is ${options.start}: ${start.error.issues[0]?.message}`, {
      mend: EXAMPLE,
    });
  const windows = wholeNumber('windows', options.windows, 1, 10_000);
  const events = wholeNumber('events', options.events, 0, 50_000_000);
  const seed = wholeNumber('seed', options.seed, 0, Number.MAX_SAFE_INTEGER);
  const shards = wholeNumber('shards', options.shards, 1, 1_024);
  const shape = VolumeShape.safeParse(options.shape);
  if (!shape.success)
    throw new CommandFailure(`--shape is ${options.shape}; it must be ${VolumeShape.options.join(' or ')}`, {
      mend: EXAMPLE,
    });
  return consecutiveWindows(start.data, windows).map((window) =>
    WindowRequest.parse({ window, events, seed, shards, volume_shape: shape.data }),
  );
}

/** Before anything is written: the tenth window may lie outside the years when the first does not. */
function checkYears(requests: readonly WindowRequest[]): void {
  try {
    for (const { window } of requests) assertCanBeGenerated(window);
  } catch (error) {
    if (error instanceof RangeError) throw new CommandFailure(error.message, { mend: EXAMPLE });
    throw error;
  }
}

const CAUSES: Record<string, string> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'that file system is read-only',
  ENOSPC: 'no space is left on that disk',
  EDQUOT: 'the disk quota is used up',
  ENOTDIR: 'part of that path is a file',
  EEXIST: 'there is a file of that name',
  ENOENT: 'nothing can be created there',
  ENAMETOOLONG: 'that name is too long',
};

function writeFailure(error: unknown, out: string): unknown {
  const cause = CAUSES[(error as NodeJS.ErrnoException).code ?? ''];
  if (!cause) return error;
  return new CommandFailure(`cannot write to ${out}: ${cause}`, {
    mend: 'name another directory with --out, or make room',
    cause: error,
  });
}

/**
 * Numbers of tracks and listeners mean something else under another seed.
 * @returns whether windows of this seed stand there
 */
async function checkSeeds(seed: number, out: string): Promise<boolean> {
  const seeds = await seedsIn(out);
  const other = [...seeds].find((one) => one !== seed);
  if (other === undefined) return seeds.has(seed);
  throw new CommandFailure(`${out} holds windows of the seed ${other}, and this would be the seed ${seed}`, {
    mend: `name another directory with --out, give --seed ${other}, or remove what is there`,
  });
}

/** Says on stderr how far it is, once it has taken two seconds; on a terminal in one line, else every ten seconds. */
function progressLine(): { report(window: string, bytes: number): void; clear(): void } {
  const isTerminal = process.stderr.isTTY === true;
  const begun = performance.now();
  let next = begun + 2_000;
  let shown = false;
  return {
    report(window, bytes) {
      const now = performance.now();
      if (now < next) return;
      next = now + (isTerminal ? 200 : 10_000);
      shown = true;
      const text = `generating ${window}: ${(bytes / 1e6).toFixed(1)} MB, ${Math.round((now - begun) / 1_000)} s`;
      process.stderr.write(isTerminal ? `\r\x1b[K${text}` : `${text}\n`);
    },
    clear() {
      if (shown && isTerminal) process.stderr.write('\r\x1b[K');
    },
  };
}

const COLUMNS = ['window', 'records', 'valid', 'quarantined', 'duplicates', 'late', 'content hash'];

function table(windows: readonly GeneratedWindow[]): string {
  const rows = windows.map(({ window, ledger }) => [
    window,
    ...[
      ledger.arrived.total,
      ledger.valid.total,
      ledger.quarantined.total,
      ledger.duplicates.total,
      ledger.late,
    ].map((count) => count.toLocaleString('en')),
    ledger.arrived.content_hash,
  ]);
  const widths = COLUMNS.map((name, i) => Math.max(name.length, ...rows.map((row) => (row[i] ?? '').length)));
  const isText = (i: number): boolean => i === 0 || i === COLUMNS.length - 1;
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (isText(i) ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return [COLUMNS, ...rows].map(line).join('\n');
}

export function register(command: Command): void {
  command
    .requiredOption('--start <window>', 'first window by its start, UTC, like 2026-01-05T08:00Z')
    .option('--windows <n>', 'how many hourly windows', '1')
    .option('--events <n>', 'records a window, planted duplicates and defects included', '20000')
    .option('--shape <shape>', SHAPE_HELP, loadConfig().defaults.volumeShape)
    .option('--seed <n>', 'the same seed gives the same bytes', '1')
    .option('--shards <n>', 'files a window; the records do not depend on it', '1')
    .requiredOption(
      '--out <directory>',
      'where the NDJSON files and the ledgers go, and catalogue.ndjson with their tracks; needs no server',
    )
    .option('--defect <kind=rate>', DEFECT_HELP, (one: string, all: string[]) => [...all, one], [])
    .option('--no-defects', 'plant none but those named by --defect')
    .option('--profiles', 'also listeners.ndjson: who the listeners of these windows are, a profile a line')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', `\nExample:\n  ${EXAMPLE}`)
    .action(async (options: Options) => {
      const requests = requestsFrom(options);
      const rates = defectRates(options.defect, options.defects);
      if (options.out === '') throw new CommandFailure('--out is empty', { mend: EXAMPLE });
      const out = resolve(options.out);
      checkYears(requests);
      const progress = progressLine();
      const windows: GeneratedWindow[] = [];
      const mentioned = new Mentioned({ profiles: options.profiles ?? false });
      const { seed } = requests[0] as WindowRequest;
      let catalogue: string;
      let listeners: string | undefined;
      try {
        const keeps = await checkSeeds(seed, out);
        for (const request of requests) {
          const report = (bytes: number): void => progress.report(request.window, bytes);
          windows.push(await writeWindow({ ...request, rates }, out, mentioned, report));
        }
        catalogue = await writeCatalogue(seed, mentioned, { out, keeps });
        if (mentioned.listeners) listeners = await writeListeners(seed, mentioned.listeners, { out, keeps });
      } catch (error) {
        throw writeFailure(error, out);
      } finally {
        progress.clear();
      }
      process.stdout.write(
        options.json
          ? `${JSON.stringify({ out, catalogue, listeners, windows }, null, 2)}\n`
          : `${table(windows)}\nin ${out}\n`,
      );
    });
}
