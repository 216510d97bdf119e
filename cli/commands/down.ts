import type { Command } from 'commander';
import { loadConfig } from '../../config/config.ts';
import { stopEverything } from '../../infra/supervisor/supervisor.ts';

export function register(command: Command): void {
  command.option('--json', 'print what was stopped as JSON').action(async ({ json }: { json?: boolean }) => {
    const { paths, instance } = loadConfig();
    const stopped = await stopEverything(paths);
    if (json) process.stdout.write(`${JSON.stringify({ instance, stopped })}\n`);
    else if (stopped === 0) process.stdout.write(`nothing of "${instance}" was running\n`);
    else process.stdout.write(`stopped ${stopped} processes; nothing of "${instance}" is running\n`);
  });
}
