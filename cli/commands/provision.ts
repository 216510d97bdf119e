import type { Command } from 'commander';
import { loadConfig } from '../../config/config.ts';
import { provision } from '../../infra/provision/provision.ts';
import { relock } from '../../infra/provision/python.ts';
import { provisionProgress } from '../progress.ts';

export function register(command: Command): void {
  command
    .option('--only <steps...>', 'only these steps and what they need (see .reprise/logs/provision)')
    .option('--relock', "resolve the Python projects' locks anew before that")
    .action(async ({ only, relock: resolveAnew }: { only?: string[]; relock?: boolean }) => {
      const { paths } = loadConfig();
      if (resolveAnew) {
        await provision({ paths, observer: provisionProgress(), only: ['uv'] });
        await relock(paths);
      }
      const started = performance.now();
      const ran = await provision({
        paths,
        observer: provisionProgress(),
        ...(only ? { only: only.flatMap((names) => names.split(',')) } : {}),
      });
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      process.stdout.write(
        ran.length === 0 ? 'everything is in place\n' : `installed ${ran.length} parts in ${seconds} s\n`,
      );
    });
}
