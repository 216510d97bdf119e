import type { Command } from 'commander';
import { Stack } from '../../infra/stack.ts';
import { ownedProcesses } from '../../infra/supervisor/owned-processes.ts';
import { isSettled } from '../../infra/supervisor/readiness.ts';
import { openAddresses } from '../addresses.ts';

export function register(command: Command): void {
  command
    .option('--json', 'print it as JSON')
    .addHelpText('after', '\nThe exit code is 0 when everything runs and is ready, else 1.')
    .action(async ({ json }: { json?: boolean }) => {
      const stack = Stack.look();
      const { config } = stack;
      const statuses = await stack.status();
      const ready = statuses?.every(isSettled) ?? false;
      if (!ready) process.exitCode = 1;
      const leftovers = statuses ? [] : await ownedProcesses(config.paths.instance);
      const running = statuses?.map(({ name }) => name) ?? [];
      const pages = openAddresses(config, running);
      if (json) {
        const state = statuses === undefined ? 'stopped' : ready ? 'ready' : 'starting';
        const answer = {
          instance: config.instance,
          state,
          services: statuses ?? [],
          leftovers,
          pages: Object.fromEntries(pages),
        };
        process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
        return;
      }
      if (statuses === undefined) {
        process.stdout.write(`"${config.instance}" is not running; \`npx reprise up\` starts it\n`);
        if (leftovers.length > 0)
          process.stdout.write(
            `${leftovers.length} processes are left of a run whose supervisor died; \`npx reprise down\` ends them\n`,
          );
        return;
      }
      for (const { name, phase, pid, restarts, memoryBytes } of statuses) {
        const memory = memoryBytes > 0 ? `${Math.round(memoryBytes / 1e6)} MB` : '';
        const again = restarts > 0 ? `restarted ${restarts} times` : '';
        const columns = [
          name.padEnd(22),
          phase.padEnd(9),
          String(pid ?? '').padStart(7),
          memory.padStart(8),
          again,
        ];
        process.stdout.write(`${columns.join('  ').trimEnd()}\n`);
      }
      for (const [name, url] of pages) process.stdout.write(`${name.padEnd(10)} ${url}\n`);
    });
}
