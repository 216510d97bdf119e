import type { Command } from 'commander';
import { loadConfig } from '../../config/config.ts';
import type { VolumeShape, WindowSource } from '../../contracts/steps.ts';
import { consecutiveWindows, WINDOW_MS, type WindowId, windowStartMs } from '../../contracts/window.ts';
import { withMends } from '../client-failure.ts';
import { CommandFailure } from '../failure.ts';
import { type FinishedWindow, runWindows } from '../run-windows.ts';
import {
  eventsNumber,
  parseClosedWindow,
  parseShape,
  parseSource,
  seedNumber,
  SHAPE_HELP,
  shardsNumber,
  SOURCE_HELP,
  wholeNumber,
} from '../window-arguments.ts';
import { windowTable } from '../window-table.ts';

interface Options {
  start: WindowId;
  windows: number;
  events: number;
  seed: number;
  shards: number;
  shape: VolumeShape;
  source: WindowSource;
  direct?: boolean;
  json?: boolean;
}

/** More would be a backfill, which Airflow does better. */
const MOST_WINDOWS = 168;

export function register(command: Command): void {
  const { defaults } = loadConfig();
  command
    .requiredOption('--start <window>', 'the first window, like 2026-01-05T08:00Z', parseClosedWindow)
    .option('--windows <n>', 'how many, one after another', wholeNumber(1, MOST_WINDOWS), 1)
    .option('--events <n>', 'events in each window', eventsNumber, defaults.eventsPerWindow)
    .option('--shape <shape>', SHAPE_HELP, parseShape, defaults.volumeShape)
    .option('--seed <n>', 'seed of the generator', seedNumber, defaults.seed)
    .option(
      '--shards <n>',
      'slices that are generated and published side by side',
      shardsNumber,
      defaults.shards,
    )
    .option('--source <source>', SOURCE_HELP, parseSource, 'auto')
    .option('--direct', 'start the Temporal workflows without Airflow')
    .option('--json', 'print the reports as JSON')
    .addHelpText(
      'after',
      '\nA window that ran before is played again. An hour that the live stream has filled is closed with what it holds: no' +
        '\nsetting of the generator counts there. The exit code is 0 only if every window reconciled.',
    )
    .action((options: Options) => withMends(() => run(options)));
}

async function run(options: Options): Promise<void> {
  const config = loadConfig();
  const windows = consecutiveWindows(options.start, options.windows);
  const last = windows.at(-1) ?? options.start;
  if (windowStartMs(last) + WINDOW_MS > Date.now())
    throw new CommandFailure(`the last window, ${last}, has not ended yet`, {
      mend: 'ask for fewer --windows',
    });
  const { events, seed, shards, shape, source } = options;
  const settings = {
    ...{ events, seed, shards, volume_shape: shape },
    ...(source === 'auto' ? {} : { source }),
  };
  const finished = await runWindows({ config, windows, settings, direct: options.direct ?? false });
  process.stdout.write(options.json ? finishedJson(finished) : finishedText(finished));
  if (!finished.every(({ reconciled }) => reconciled)) process.exitCode = 1;
}

function finishedJson(finished: readonly FinishedWindow[]): string {
  const windows = finished.map(({ window, state, reconciled, why, report }) => ({
    window,
    state,
    reconciled,
    failure: why ?? null,
    report: report ?? null,
  }));
  return `${JSON.stringify({ reconciled: finished.every((one) => one.reconciled), windows }, null, 2)}\n`;
}

/** The table, and a line on every window that did not come through. */
export function finishedText(finished: readonly FinishedWindow[]): string {
  const failures = finished
    .filter(({ reconciled }) => !reconciled)
    .map(({ window, state, why, report }) => {
      const failure = report?.failure;
      const said = failure ? `${failure.step ?? 'window'}: ${failure.type}: ${failure.message}` : undefined;
      const otherwise = state === 'completed' ? 'it does not reconcile' : 'it has not reconciled';
      return `${window} ${state}: ${why ?? said ?? otherwise}\n  npx reprise report ${window}`;
    });
  return `\n${[windowTable(finished), ...failures].join('\n\n')}\n`;
}
