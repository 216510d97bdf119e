import type { Command } from 'commander';
import type { VolumeShape } from '../../contracts/steps.ts';
import { consecutiveWindows } from '../../contracts/window.ts';
import { addresses } from '../addresses.ts';
import { bringUp } from '../bring-up.ts';
import { withMends } from '../client-failure.ts';
import { shortPath } from '../progress.ts';
import { runWindows } from '../run-windows.ts';
import { eventsNumber, parseShape, SHAPE_HELP } from '../window-arguments.ts';
import { askedFor } from '../window-table.ts';
import { finishedText } from './run.ts';

/** Always the same three hours of a Monday morning, so that everybody's table shows the same counts. */
const WINDOWS = consecutiveWindows('2026-01-05T08:00Z', 3);

interface Options {
  events?: number;
  shape?: VolumeShape;
}

export function register(command: Command): void {
  command
    .option('--events <n>', 'events in each window', eventsNumber)
    .option('--shape <shape>', SHAPE_HELP, parseShape)
    .addHelpText('after', '\nThe exit code is 0 only if every window reconciled. `npx reprise down` ends it.')
    .action((options: Options) => withMends(() => demo(options)));
}

async function demo(options: Options): Promise<void> {
  const started = performance.now();
  const { config } = await bringUp();
  const { eventsPerWindow, seed, shards, volumeShape } = config.defaults;
  const { events = eventsPerWindow, shape = volumeShape } = options;
  const settings = { events, seed, shards, volume_shape: shape };
  process.stderr.write(`\nrunning three windows of ${askedFor(events, shape)}\n`);
  const finished = await runWindows({ config, windows: WINDOWS, settings, direct: false });
  const minutes = (performance.now() - started) / 60_000;
  const pages = Object.entries(addresses(config)).map(([name, url]) => `  ${name.padEnd(10)} ${url}`);
  process.stdout.write(
    [
      finishedText(finished),
      ...pages,
      `  passwords  ${shortPath(config.paths.secretsFile)}`,
      '',
      `done in ${minutes.toFixed(1)} min; everything goes on running: npx reprise down ends it`,
      '',
    ].join('\n'),
  );
  if (!finished.every(({ reconciled }) => reconciled)) process.exitCode = 1;
}
