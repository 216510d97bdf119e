import type { Command } from 'commander';
import { AlreadyRunning, runSuites } from '../../tests/runner/run.ts';
import { chooseSuites, GROUPS, SUITES, UnknownSuite } from '../../tests/runner/suites.ts';
import { CommandFailure } from '../failure.ts';

interface Options {
  only?: string;
  list?: boolean;
}

export function register(command: Command): void {
  command
    .option('--only <names>', `suites or groups, with commas between them (groups: ${GROUPS.join(', ')})`)
    .option('--list', 'say which suites there are, and run none')
    .action(async ({ only, list }: Options) => {
      try {
        const suites = chooseSuites(only?.split(',').map((name) => name.trim()));
        if (list) {
          for (const suite of only === undefined ? SUITES : suites)
            process.stdout.write(`${suite.name.padEnd(14)} ${suite.group.padEnd(8)} ${suite.title}\n`);
          return;
        }
        if (!(await runSuites(suites, process.env))) process.exitCode = 1;
      } catch (error) {
        if (error instanceof UnknownSuite)
          throw new CommandFailure(error.message, {
            mend: `choose from ${[...GROUPS, ...SUITES.map((suite) => suite.name)].join(', ')}`,
          });
        if (error instanceof AlreadyRunning)
          throw new CommandFailure(error.message, {
            mend: 'wait until it ends, or end it with Ctrl-C there',
          });
        throw error;
      }
    });
}
