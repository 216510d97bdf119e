import type { Command } from 'commander';
import { execa } from 'execa';
import { loadConfig } from '../../config/config.ts';
import { addresses } from '../addresses.ts';
import { CommandFailure } from '../failure.ts';

export function register(command: Command): void {
  command
    .argument('<page>', 'dashboard, airflow, temporal or minio')
    .option('--json', 'print the address as JSON and open nothing')
    .action(async (page: string, { json }: { json?: boolean }) => {
      const pages: Record<string, string> = addresses(loadConfig());
      const url = pages[page];
      if (url === undefined)
        throw new CommandFailure(`there is no page "${page}"`, {
          mend: `choose from ${Object.keys(pages).join(', ')}`,
        });
      process.stdout.write(json ? `${JSON.stringify({ page, url })}\n` : `${url}\n`);
      if (json) return;
      // On a server there is nothing to open it with: the address is on the screen already.
      const opener = process.platform === 'darwin' ? 'open' : 'xdg-open';
      await execa(opener, [url], { reject: false, stdio: 'ignore', timeout: 5_000 });
    });
}
