import type { Command } from 'commander';
import { readReplays } from '../../activities/replays.ts';
import { createObjectStore } from '../../clients/object-store.ts';
import { loadConfig } from '../../config/config.ts';
import type { WindowId } from '../../contracts/window.ts';
import { withMends } from '../client-failure.ts';
import { CommandFailure } from '../failure.ts';
import { cameThrough, reportText } from '../report-text.ts';
import { parseWindow } from '../window-arguments.ts';
import { knownWindows, nearestWindows, readReport } from '../window-reports.ts';

const SHOWN_REPLAYS = 3;

export function register(command: Command): void {
  command
    .argument('<window>', 'the window, like 2026-01-05T08:00Z', parseWindow)
    .option('--json', 'print it as JSON')
    .addHelpText('after', '\nThe exit code is 0 when the window is completed and reconciled, else 1.')
    .action((window: WindowId, { json }: { json?: boolean }) => withMends(() => show(window, json ?? false)));
}

async function show(window: WindowId, json: boolean): Promise<void> {
  const store = createObjectStore(loadConfig().objectStore);
  const report = await readReport(store, window);
  if (!report) {
    const nearest = nearestWindows(window, await knownWindows(store), 3);
    throw new CommandFailure(
      `there is no report of ${window}${nearest.length > 0 ? `; the nearest there are: ${nearest.join(', ')}` : ' nor of any window'}`,
      { mend: `npx reprise run --start ${window}` },
    );
  }
  const replays = await readReplays(store, window, SHOWN_REPLAYS);
  process.stdout.write(
    json ? `${JSON.stringify({ ...report, replays }, null, 2)}\n` : `${reportText(report, replays)}\n`,
  );
  if (!cameThrough(report)) process.exitCode = 1;
}
