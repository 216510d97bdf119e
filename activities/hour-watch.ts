import { ClientError } from '../clients/errors.ts';
import type { LogReader } from '../clients/kafka-log.ts';
import type { ObjectStore } from '../clients/object-store.ts';
import { keys } from '../contracts/lake.ts';
import { liveKeys, type StreamPosition } from '../contracts/live.ts';
import type { OffsetRange, WindowReceipts, WindowSource } from '../contracts/steps.ts';
import type { WindowId } from '../contracts/window.ts';
import { withActivityFailures } from './failures.ts';
import type { Attempted } from './generate.ts';
import { hourOf, isLive, rangesOf, writtenRanges } from './hour-ranges.ts';
import { type Pulse, withPulse } from './pulse.ts';
import { type QuietHourDeps, sourceOfQuietHour } from './quiet-hour.ts';
import { readReceipts } from './receipts.ts';
import { readPosition, streamPassed, type StreamWatch } from './stream-position.ts';

export interface HourWatchDeps extends StreamWatch, Omit<QuietHourDeps, 'store'> {
  store: ObjectStore;
  /** The events topic. */
  log: LogReader;
}

type Source = Exclude<WindowSource, 'auto'>;

/** A broker that restarts is silent for a minute and a half at most. */
const SILENCE_MS = 120_000;

export function createHourWatchActivities(deps: HourWatchDeps) {
  const { store, log } = deps;
  return withActivityFailures({
    /**
     * Whether the window is an hour that has filled by itself. Read-only.
     * @throws ClientError InvalidInput when it cannot be what is asked for, and what `sourceOfQuietHour` throws
     */
    findSource: (input: { window: WindowId; source: WindowSource }): Promise<{ source: Source }> =>
      withPulse(SILENCE_MS, async (pulse) => {
        const { window, source: asked } = input;
        // Before the hour's mark is looked for: the stream puts that down first.
        const position = await readPosition(deps);
        const found = (await hasLiveRecords(deps, window, position, pulse)) ? 'live' : 'generated';
        if (asked === 'auto' && found === 'generated')
          return { source: await sourceOfQuietHour(deps, window, position) };
        if (asked === 'generated' && found === 'live')
          throw new ClientError(
            'InvalidInput',
            `records have arrived in ${window} by themselves: the hour is closed with what it holds, and nothing is generated into it`,
          );
        if (asked === 'live' && found === 'generated' && (await store.exists(keys.shardLedger(window, 0))))
          throw new ClientError(
            'InvalidInput',
            `${window} was generated, and nothing else has arrived in it: it cannot be closed as a live hour`,
          );
        return { source: asked === 'auto' ? found : asked };
      }),

    /**
     * Makes sure that the topic holds of the hour what was counted, no less and no more. Read-only.
     * @throws ClientError ResourceMissing, DataQualityFailed
     */
    vouchForHour: (input: {
      window: WindowId;
      receipt_digest: string;
    }): Promise<Attempted<{ receipts: WindowReceipts }>> =>
      withPulse(SILENCE_MS, async (pulse) => {
        const { window, receipt_digest } = input;
        const receipts = { digests: [receipt_digest] };
        const counted = (await readReceipts(store, window, receipts)).flatMap((receipt) => receipt.ranges);
        const held = writtenRanges(await rangesOf(log, window));
        assertSame(window, counted, held);
        return { receipts, attempt: pulse.attempt };
      }),

    /**
     * Waits until the resident stream has brought the hour into the tables. Read-only.
     * @throws ClientError Unavailable when the stream does not move
     */
    awaitStream: (input: { window: WindowId; receipts: WindowReceipts }): Promise<{ attempt: number }> =>
      withPulse(SILENCE_MS, async (pulse) => {
        const { window, receipts } = input;
        const ends = (await readReceipts(store, window, receipts)).flatMap(({ ranges }) =>
          ranges.map(({ partition, last }) => ({ partition, end: BigInt(last) + 1n })),
        );
        await streamPassed(deps, window, ends, pulse);
        return { attempt: pulse.attempt };
      }),
  });
}

/** The stream marks an hour when it first meets it; of an hour that it has not reached yet, the topic is asked. */
async function hasLiveRecords(
  { store, log }: HourWatchDeps,
  window: WindowId,
  position: StreamPosition | undefined,
  pulse: Pulse,
): Promise<boolean> {
  if (await store.exists(liveKeys.hour(window))) return true;
  if (!position) return false;
  const ahead = (await rangesOf(log, window)).map(({ partition, first, end }) => {
    const next = BigInt(position.offsets[partition] ?? '0');
    return { partition, first: next > first ? next : first, end };
  });
  const hour = hourOf(window);
  let found = false;
  await log.read(
    ahead,
    (records) => {
      found = records.some((record) => isLive(hour, record));
      pulse.note({ looked_at: records.at(-1)?.offset });
      return !found;
    },
    pulse.signal,
  );
  return found;
}

function assertSame(window: WindowId, counted: readonly OffsetRange[], held: readonly OffsetRange[]): void {
  const now = new Map(held.map((range) => [range.partition, range]));
  for (const { partition, first, last } of counted) {
    const range = now.get(partition);
    if (range && range.first === first && range.last === last) continue;
    if (!range || BigInt(range.first) > BigInt(first))
      throw new ClientError(
        'ResourceMissing',
        `the topic has let go of records that arrived in ${window} (partition ${partition})`,
      );
    throw new ClientError('DataQualityFailed', grown(window, partition));
  }
  const added = held.find(({ partition }) => !counted.some((range) => range.partition === partition));
  if (added) throw new ClientError('DataQualityFailed', grown(window, added.partition));
}

const grown = (window: WindowId, partition: number): string =>
  `partition ${partition} holds more of ${window} than was counted: begin at generate`;
