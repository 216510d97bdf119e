import { ClientError } from '../clients/errors.ts';
import type { PartitionBounds } from '../clients/kafka-topics.ts';
import type { ObjectStore } from '../clients/object-store.ts';
import { keys } from '../contracts/lake.ts';
import { liveKeys, type StreamPosition } from '../contracts/live.ts';
import type { WindowId } from '../contracts/window.ts';
import { hourOf } from './hour-ranges.ts';
import type { LookAtStream } from './stream-run.ts';

export interface QuietHourDeps {
  store: Pick<ObjectStore, 'exists' | 'list'>;
  /** Offsets that the events topic holds. */
  bounds: () => Promise<PartitionBounds[]>;
  stream: LookAtStream;
  now?: (() => number) | undefined;
}

/** It is heard of every two seconds, and one that has crashed is back within a minute. */
const FRESH_MS = 120_000;

/**
 * What an hour is in which no live record is found: an empty one of a stream that ran, or one to be generated. Read-only.
 * @param position how far the stream has come; undefined: there has never been one
 * @throws ClientError ResourceMissing when the topic is not the one that the stream has read, InvalidInput when somebody has
 * to say what is meant, Unavailable when it may be told later
 */
export async function sourceOfQuietHour(
  deps: QuietHourDeps,
  window: WindowId,
  position: StreamPosition | undefined,
): Promise<'live' | 'generated'> {
  const { store, now = Date.now } = deps;
  if (!position || (await store.exists(keys.shardLedger(window, 0)))) return 'generated';
  const marks = await store.list(liveKeys.hours);
  // Keys are in the order of their hours.
  const own = liveKeys.hour(window);
  if (!marks.some((mark) => mark < own)) return 'generated';
  assertSameTopic(position, await deps.bounds());
  if (marks.some((mark) => mark > own)) return 'live';

  const run = await deps.stream();
  if (!run) return 'generated';
  if (run.state === 'running') {
    if (run.heardAtMs !== null && now() - run.heardAtMs <= FRESH_MS) return 'live';
    throw new ClientError(
      'Unavailable',
      `nothing has arrived in ${window}, and nothing is heard of the stream: npx reprise live status says why`,
    );
  }
  if (run.state === 'stopped' && run.endedAtMs < hourOf(window).startMs) return 'generated';
  throw new ClientError(
    'InvalidInput',
    `nothing has arrived in ${window}, and the stream ${run.state === 'failed' ? 'failed' : 'was stopped'} at ` +
      `${new Date(run.endedAtMs).toISOString()}: npx reprise live start, if the hour is a live one, or --source generated`,
  );
}

/** @throws ClientError ResourceMissing */
function assertSameTopic({ offsets }: StreamPosition, bounds: readonly PartitionBounds[]): void {
  const highs = new Map(bounds.map(({ partition, high }) => [String(partition), high]));
  const lost = Object.entries(offsets).find(
    ([partition, next]) => BigInt(next) > (highs.get(partition) ?? 0n),
  );
  if (lost)
    throw new ClientError(
      'ResourceMissing',
      `the stream has read partition ${lost[0]} up to ${lost[1]}, and the topic ends at ${highs.get(lost[0]) ?? 0n}: ` +
        'what arrived since cannot be told; bring back its log, or play the window with --source generated',
    );
}
