import type { Command } from 'commander';
import { addresses } from '../addresses.ts';
import { bringUp } from '../bring-up.ts';
import { shortPath } from '../progress.ts';

export function register(command: Command): void {
  command
    .argument('[services...]', 'only these and what they need; a name stands for all that begin with it')
    .option('--json', 'print the addresses as JSON')
    .action(async (only: string[], { json }: { json?: boolean }) => {
      const started = performance.now();
      const stack = await bringUp(only.length > 0 ? { only } : {});
      const pages = addresses(stack.config);
      if (json) {
        process.stdout.write(`${JSON.stringify({ instance: stack.config.instance, ...pages }, null, 2)}\n`);
        return;
      }
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      const lines = Object.entries(pages).map(([name, url]) => `  ${name.padEnd(10)} ${url}`);
      process.stdout.write(
        `ready after ${seconds} s\n${lines.join('\n')}\n` +
          `  passwords  ${shortPath(stack.config.paths.secretsFile)}\n`,
      );
    });
}
