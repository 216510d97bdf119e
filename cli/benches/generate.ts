import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { benchGenerate, type GenerateBench, type Line, type Observer } from '../../bench/generate.ts';
import { CommandFailure } from '../failure.ts';
import { interruption } from '../interruption.ts';
import { eventsNumber, parseWindow, seedNumber, shardsNumber, wholeNumber } from '../window-arguments.ts';
import { count, table } from '../window-table.ts';
import { listOption } from './list-option.ts';
import { machineText, range, rate } from './machine-text.ts';

interface Options {
  events: number[];
  shards: number;
  processes: number[];
  runs?: number;
  start: string;
  seed: number;
  dir: string;
  json?: boolean;
}

const SIZES = [100_000, 1_000_000, 10_000_000];
const MOST_RUNS = 100;
/** A size that takes long is measured once; what is short is uneven. */
const REPEATED_UP_TO = 1_000_000;
const REPETITIONS = 3;

/** Adds the options of `bench generate` to its command. */
export function describe(command: Command): void {
  command
    .addOption(listOption('--events <list>', 'sizes of a window', eventsNumber, SIZES))
    .option('--shards <n>', 'files that a window is cut into', shardsNumber, 1)
    .addOption(
      listOption(
        '--processes <list>',
        'processes side by side, to see it scale',
        wholeNumber(1, 256),
        [1, 2],
      ),
    )
    .option(
      '--runs <n>',
      `repetitions (otherwise ${REPETITIONS} up to ${count(REPEATED_UP_TO)} events, beyond that 1)`,
      wholeNumber(1, MOST_RUNS),
    )
    .option('--start <window>', 'which window', parseWindow, '2026-01-05T08:00Z')
    .option('--seed <n>', 'which world', seedNumber, 1)
    .option('--dir <directory>', 'where the files are written and removed again', tmpdir())
    .option('--json', 'print every measurement as JSON')
    .addHelpText('after', '\nExample:\n  npx reprise bench generate --events 100000,1000000 --json')
    .action(measure);
}

async function measure(options: Options): Promise<void> {
  const { events, shards, processes, runs, start, seed, json } = options;
  const directory = resolve(options.dir);
  const interrupted = interruption();
  const plan = {
    ...{ window: start, seed, sizes: events, shards, processes, directory },
    runs: (size: number): number => runs ?? (size <= REPEATED_UP_TO ? REPETITIONS : 1),
  };
  let result: GenerateBench;
  try {
    result = await benchGenerate(plan, progress(), interrupted.signal);
  } catch (error) {
    throw measureFailure(error, directory, interrupted.signal);
  } finally {
    interrupted.release();
  }
  process.stdout.write(json ? `${JSON.stringify(result, null, 2)}\n` : `${text(result)}\n`);
}

function measureFailure(error: unknown, directory: string, signal: AbortSignal): unknown {
  if (signal.aborted)
    return new CommandFailure('interrupted; what was written is removed', { exitCode: 130 });
  const { code, shortMessage, stderr } = error as {
    code?: string;
    shortMessage?: string;
    stderr?: string;
  };
  const refused = /^E[A-Z]+$/.test(code ?? '') || /ENOSPC|EDQUOT/.test(stderr ?? '');
  if (refused)
    return new CommandFailure(
      `cannot write to ${directory}: ${/ENOSPC|EDQUOT/.exec(stderr ?? '')?.[0] ?? code}`,
      {
        mend: 'name another directory with --dir, or make room',
        cause: error,
      },
    );
  if (shortMessage === undefined) return error;
  const why = /^\w*Error.*$/m.exec(stderr ?? '')?.[0] ?? shortMessage.split('\n')[0];
  return new CommandFailure(`the generator's process failed: ${why}`, { cause: error });
}

function progress(): Observer {
  const say = (words: string): unknown => process.stderr.write(`${words}\n`);
  return {
    begun: ({ events, sink, processes, run }, runs) =>
      say(`${count(events)} events, ${sinkName(sink)}, ${processesName(processes)}: ${run} of ${runs}`),
    ended: ({ events, seconds }) =>
      say(`  ${seconds.toFixed(1)} s, ${count(Math.round(events / seconds))} events/s`),
    skipped: (why) => say(`left out: ${why}`),
  };
}

const sinkName = (sink: Line['sink']): string => (sink === 'null' ? 'only counted' : 'to a file');
const processesName = (processes: number): string =>
  processes === 1 ? '1 process' : `${processes} processes`;

const HEADINGS = [
  'events',
  'lines',
  'processes',
  'events/s',
  'min-max',
  'per CPU s',
  'B/event',
  'peak MB',
  'ready s',
];

function text({ machine, window, seed, lines, skipped }: GenerateBench): string {
  const rows = lines.map((line) => [
    count(line.events),
    line.sink === 'null' ? 'counted' : 'to a file',
    String(line.processes),
    rate(line.events_per_second.median),
    line.runs === 1 ? '1 run' : range(line.events_per_second),
    rate(line.events_per_cpu_second.median),
    line.bytes_per_event.toFixed(1),
    (line.peak_rss_bytes / 1e6).toFixed(0),
    line.ready_seconds.median.toFixed(2),
  ]);
  return [
    machineText(machine),
    `window ${window}, seed ${seed}`,
    '',
    ...table(HEADINGS, rows),
    '',
    'events/s: median by the wall clock, from the first event on; ready s: from the start of a process until then',
    ...skipped.map((why) => `left out: ${why}`),
  ].join('\n');
}
