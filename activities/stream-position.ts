import { setTimeout as sleep } from 'node:timers/promises';
import { ClientError } from '../clients/errors.ts';
import type { ObjectStore } from '../clients/object-store.ts';
import { liveKeys, StreamPosition } from '../contracts/live.ts';
import type { WindowId } from '../contracts/window.ts';
import { unlessMissing } from './kept-steps.ts';
import type { Pulse } from './pulse.ts';

export interface StreamWatch {
  store: Pick<ObjectStore, 'getJson'>;
  /** How often the stream's position is looked up. */
  lookEveryMs?: number;
  /** After so long without a step the stream is taken for one that does not run. */
  standstillMs?: number;
}

/** A batch of the stream takes seconds, its restart from the checkpoint less than a minute. */
const STANDSTILL_MS = 120_000;

/** How far the resident stream has come; undefined: there has never been one. */
export async function readPosition({
  store,
}: Pick<StreamWatch, 'store'>): Promise<StreamPosition | undefined> {
  const found = await unlessMissing(store.getJson(liveKeys.position));
  return found === undefined ? undefined : StreamPosition.parse(found);
}

/**
 * Returns once everything below the ends is in the tables.
 * @throws ClientError Unavailable when the stream does not move
 */
export async function streamPassed(
  watch: StreamWatch,
  window: WindowId,
  ends: readonly { partition: number; end: bigint }[],
  pulse: Pick<Pulse, 'signal' | 'note'>,
): Promise<void> {
  const { lookEveryMs = 1_000, standstillMs = STANDSTILL_MS } = watch;
  let movedAt = performance.now();
  let before: bigint | undefined;
  for (;;) {
    const position = await readPosition(watch);
    const behind = ends
      .map(({ partition, end }) => end - BigInt(position?.offsets[partition] ?? '0'))
      .filter((records) => records > 0n)
      .reduce((sum, records) => sum + records, 0n);
    if (behind === 0n) return;
    if (before === undefined || behind < before) movedAt = performance.now();
    before = behind;
    pulse.note({ waits_for: 'the stream', behind: String(behind) });
    if (performance.now() - movedAt > standstillMs)
      throw new ClientError(
        'Unavailable',
        `the stream is ${behind} records behind the end of ${window} and does not move: npx reprise live start`,
      );
    await sleep(lookEveryMs, undefined, { signal: pulse.signal });
  }
}
