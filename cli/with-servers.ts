import type { Config } from '../config/config.ts';
import { Stack } from '../infra/stack.ts';
import { bringUp } from './bring-up.ts';

/**
 * Runs `work` against servers of this installation. What does not run is started, and stopped again: a stack that
 * somebody uses is left as it was.
 */
export async function withServers<T>(
  only: readonly string[],
  work: (config: Config) => Promise<T>,
): Promise<T> {
  const before = await Stack.look().status();
  const stack = await bringUp({ only });
  try {
    return await work(stack.config);
  } finally {
    if (before === undefined) await stack.stop();
  }
}
