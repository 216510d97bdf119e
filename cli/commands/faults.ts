import type { Command } from 'commander';
import { cellName } from '../../tests/faults/cases.ts';
import { runCampaign } from '../../tests/faults/campaign.ts';
import { chooseCells } from '../../tests/faults/plan.ts';
import { CommandFailure } from '../failure.ts';
import { interruption } from '../interruption.ts';
import { wholeNumber } from '../window-arguments.ts';

interface Options {
  only?: string;
  list?: boolean;
  missing?: boolean;
  minutes: number;
}

const LONGEST_MINUTES = 1_440;

export function register(command: Command): void {
  command
    .option('--only <expression>', 'the faults whose name it finds, like "kill kafka" or "in publish$"')
    .option('--missing', 'of these, those that the results do not tell of yet')
    .option(
      '--minutes <n>',
      'begin no window after so many; --missing goes on from there',
      wholeNumber(1, LONGEST_MINUTES),
      LONGEST_MINUTES,
    )
    .option('--list', 'say which faults there are, and inject none')
    .addHelpText(
      'after',
      '\nWrites docs/reliability.md. The exit code is 0 only if nothing was lost, doubled or shown half.',
    )
    .action(async ({ only, list, missing, minutes }: Options) => {
      const cells = chooseCells(only);
      if (cells.length === 0)
        throw new CommandFailure(`there is no fault with "${only}" in its name`, {
          mend: 'npm run test:faults -- --list',
        });
      if (list) {
        for (const cell of cells) process.stdout.write(`${cellName(cell)}\n`);
        return;
      }
      const { signal, release } = interruption();
      signal.addEventListener('abort', () => {
        process.stdout.write('stopping after this window; what runs is taken down\n');
      });
      const options = {
        cells,
        missing: missing ?? false,
        limitMs: minutes * 60_000,
        signal,
      };
      try {
        if (!(await runCampaign(options))) process.exitCode = 1;
      } finally {
        release();
      }
    });
}
