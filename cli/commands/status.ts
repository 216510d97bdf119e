import type { Command } from 'commander';
import { Stack } from '../../infra/stack.ts';
import { ownedProcesses } from '../../infra/supervisor/owned-processes.ts';
import { isSettled } from '../../infra/supervisor/readiness.ts';
import { openAddresses } from '../addresses.ts';
import { streamText } from '../live-text.ts';
import { connectLiveWorkflow, type LiveView } from '../live-workflow.ts';

/** Long enough for a server on this machine; who asks what runs does not wait for one elsewhere that is away. */
const LOOK_LIMIT_MS = 2_000;

/** The stream, when it runs or has failed; undefined also while nobody can say. */
async function lookLive(temporal: { address: string; namespace: string }): Promise<LiveView | undefined> {
  try {
    const live = await connectLiveWorkflow(temporal, LOOK_LIMIT_MS);
    try {
      const view = await live.look();
      return view?.state === 'stopped' ? undefined : view;
    } finally {
      await live.close();
    }
  } catch {
    return undefined;
  }
}

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
      const live = statuses ? await lookLive(config.temporal) : undefined;
      if (json) {
        const state = statuses === undefined ? 'stopped' : ready ? 'ready' : 'starting';
        const answer = {
          instance: config.instance,
          state,
          services: statuses ?? [],
          leftovers,
          live: live ?? null,
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
      if (live) process.stdout.write(`${'live'.padEnd(10)} ${live.failure ?? streamText(live)}\n`);
      for (const [name, url] of pages) process.stdout.write(`${name.padEnd(10)} ${url}\n`);
    });
}
