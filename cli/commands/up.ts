import type { Command } from 'commander';
import { openAddresses } from '../addresses.ts';
import { bringUp } from '../bring-up.ts';
import { shortPath } from '../progress.ts';

export function register(command: Command): void {
  command
    .argument('[services...]', 'only these and what they need; a name stands for all that begin with it')
    .option('--json', 'print the addresses as JSON')
    .action(async (only: string[], { json }: { json?: boolean }) => {
      const started = performance.now();
      const stack = await bringUp(only.length > 0 ? { only } : {});
      const running = stack.services.map(({ name }) => name);
      const pages = openAddresses(stack.config, running);
      if (json) {
        process.stdout.write(
          `${JSON.stringify({ instance: stack.config.instance, ...Object.fromEntries(pages) }, null, 2)}\n`,
        );
        return;
      }
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      const lines = pages.map(([name, url]) => `  ${name.padEnd(10)} ${url}`);
      process.stdout.write(
        `ready after ${seconds} s\n${lines.join('\n')}\n` +
          `  passwords  ${shortPath(stack.config.paths.secretsFile)}\n`,
      );
    });
}
