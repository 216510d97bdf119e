import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { Stack } from '../../infra/stack.ts';
import { CommandFailure } from '../failure.ts';
import { interruption } from '../interruption.ts';
import { follow, lastLines } from '../log-file.ts';

export function register(command: Command): void {
  command
    .argument('<service>', 'a name that `reprise status` shows')
    .option('-f, --follow', 'go on until Ctrl-C')
    .option('-n, --lines <count>', 'how many of the last lines', '100')
    .action(async (service: string, options: { follow?: boolean; lines: string }) => {
      const count = Number(options.lines);
      if (!Number.isInteger(count) || count < 0)
        throw new CommandFailure(`--lines ${options.lines} is not a number of lines`);
      const stack = Stack.look();
      const names = [...stack.services.map(({ name }) => name), 'supervisor'];
      if (!names.includes(service))
        throw new CommandFailure(`there is no service "${service}"`, {
          mend: `choose from ${names.join(', ')}`,
        });
      const file = join(stack.config.paths.logs, `${service}.log`);
      if (!existsSync(file))
        throw new CommandFailure(`${service} has not written a log yet`, { mend: 'npx reprise up' });
      for (const line of count > 0 ? lastLines(file, count) : []) process.stdout.write(`${line}\n`);
      if (!options.follow) return;
      await follow(file, (text) => process.stdout.write(text), interruption().signal);
    });
}
