import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY_MS = 200;

/**
 * Waits for what `look` finds; what it throws meanwhile counts as nothing found, for a server may just be away.
 * @throws Error with what it was waiting for, and what it saw last
 */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  limitMs: number,
): Promise<T> {
  let last: unknown;
  for (const end = performance.now() + limitMs; performance.now() < end; await sleep(LOOK_EVERY_MS)) {
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      last = undefined;
    } catch (error) {
      last = error;
    }
  }
  throw new Error(`after ${Math.round(limitMs / 1000)} s still not: ${what}`, { cause: last });
}
