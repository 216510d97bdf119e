import { join } from 'node:path';
import type { Command } from 'commander';
import { benchServe, type ServeBench } from '../../bench/serve.ts';
import { loadConfig } from '../../config/config.ts';
import { venvProgram } from '../../config/paths.ts';
import { CommandFailure } from '../failure.ts';
import { interruption } from '../interruption.ts';
import { wholeNumber } from '../window-arguments.ts';
import { count, table } from '../window-table.ts';
import { machineText } from './machine-text.ts';

/** Adds the options of `bench serve` to its command. */
export function describe(command: Command): void {
  command
    .option('--runs <n>', 'times that each page is opened anew', wholeNumber(1, 100), 5)
    .option('--json', 'print every measurement as JSON')
    .addHelpText(
      'after',
      '\nMeasures on what this installation serves; fill it before, for instance with\n' +
        '  npx reprise bench window --events 5000000 --runs 2',
    )
    .action(measure);
}

async function measure({ runs, json }: { runs: number; json?: boolean }): Promise<void> {
  const { paths } = loadConfig();
  const interrupted = interruption();
  process.stderr.write(`opening every page ${runs} times\n`);
  try {
    const result = await benchServe({
      python: venvProgram(paths, 'dashboard', 'python'),
      project: join(paths.repository, 'dashboard'),
      env: { REPRISE_SERVING_DIR: paths.serving },
      runs,
      signal: interrupted.signal,
    });
    process.stdout.write(json ? `${JSON.stringify(result, null, 2)}\n` : `${text(result)}\n`);
  } catch (error) {
    if (interrupted.signal.aborted) throw new CommandFailure('interrupted', { exitCode: 130 });
    const { stderr = '' } = error as { stderr?: string };
    if (!stderr.includes('no snapshot to measure on')) throw error;
    throw new CommandFailure('nothing is served yet', {
      mend: 'npx reprise bench window --events 100000',
      cause: error,
    });
  } finally {
    interrupted.release();
  }
}

function text({ machine, playbacks, lines }: ServeBench): string {
  const rows = lines.map(({ page, first_ms, interaction_ms }) => [
    page,
    first_ms.median.toFixed(0),
    `${first_ms.min.toFixed(0)}-${first_ms.max.toFixed(0)}`,
    interaction_ms?.median.toFixed(0) ?? '-',
    interaction_ms ? `${interaction_ms.min.toFixed(0)}-${interaction_ms.max.toFixed(0)}` : '-',
  ]);
  return [
    machineText(machine),
    `on ${count(playbacks)} playbacks`,
    '',
    ...table(['page', 'first ms', 'min-max', 'interaction ms', 'min-max'], rows),
    '',
    "the page's script as the server runs it, queries and charts included; without the browser",
  ].join('\n');
}
