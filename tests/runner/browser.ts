import { appendFileSync, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runProgram } from './program.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** A Chromium that is installed, or undefined. */
export function findBrowser(env: NodeJS.ProcessEnv): string | undefined {
  return (env.PATH ?? '')
    .split(delimiter)
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find((file) => existsSync(file));
}

export class BrowserMissing extends Error {
  override name = 'BrowserMissing';
}

/** Finds Chromium, or installs it where that is possible without asking. @throws BrowserMissing */
export async function ensureBrowser(
  env: Record<string, string>,
  log: string,
  signal: AbortSignal,
): Promise<string> {
  const found = findBrowser(env);
  if (found) return found;
  const isRoot = process.getuid?.() === 0;
  if (isRoot && existsSync('/usr/bin/apt-get')) {
    const install = (args: string[]): Promise<number> =>
      runProgram({
        program: '/usr/bin/apt-get',
        args,
        cwd: '/',
        env: { ...env, DEBIAN_FRONTEND: 'noninteractive' },
        log,
        signal,
      });
    if ((await install(['update'])) === 0)
      await install(['install', '-y', '--no-install-recommends', 'chromium', 'fonts-liberation']);
    const installed = findBrowser(env);
    if (installed) return installed;
  } else appendFileSync(log, 'not root, or no apt-get: Chromium is not installed by itself\n');
  throw new BrowserMissing(
    `Chromium was not found; install it with: sudo apt-get update && sudo apt-get install -y chromium`,
  );
}
