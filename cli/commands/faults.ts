import type { Command } from 'commander';
import { runCampaign, chooseCases } from '../../tests/faults/campaign.ts';
import { CommandFailure } from '../failure.ts';

export function register(command: Command): void {
  command
    .option('--only <text>', 'the cases whose name holds this text')
    .option('--list', 'say which cases there are, and run none')
    .addHelpText(
      'after',
      '\nWrites docs/reliability.md. The exit code is 0 only if nothing was lost, doubled or shown half.',
    )
    .action(async ({ only, list }: { only?: string; list?: boolean }) => {
      const cases = chooseCases(only);
      if (cases.length === 0)
        throw new CommandFailure(`no case's name holds "${only}"`, { mend: 'npm run test:faults -- --list' });
      if (list) {
        for (const { name, steps } of cases) process.stdout.write(`${name.padEnd(38)} ${steps.join(', ')}\n`);
        return;
      }
      const stopping = new AbortController();
      for (const signal of ['SIGINT', 'SIGTERM'] as const)
        process.once(signal, () => {
          process.stdout.write('stopping after this window; what runs is taken down\n');
          stopping.abort();
        });
      if (!(await runCampaign(cases, stopping.signal))) process.exitCode = 1;
    });
}
