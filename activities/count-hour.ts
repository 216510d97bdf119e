import { setTimeout as sleep } from 'node:timers/promises';
import { ClientError } from '../clients/errors.ts';
import type { LogRange, LogReader } from '../clients/kafka-log.ts';
import type { PartitionBounds } from '../clients/kafka-topics.ts';
import type { ObjectStore } from '../clients/object-store.ts';
import { keys } from '../contracts/lake.ts';
import { liveKeys } from '../contracts/live.ts';
import type { GenerateResult, Receipt } from '../contracts/steps.ts';
import { EVENTS_TOPIC, HEADERS, TOPICS } from '../contracts/topics.ts';
import type { WindowId } from '../contracts/window.ts';
import { withActivityFailures } from './failures.ts';
import type { Attempted } from './generate.ts';
import { HourAccount } from './hour-account.ts';
import { hourOf, isLive, rangesOf, writtenRanges } from './hour-ranges.ts';
import { type Pulse, withPulse } from './pulse.ts';
import { keepReceipt } from './receipts.ts';

export interface CountHourDeps {
  store: ObjectStore;
  /** The events topic. */
  log: LogReader;
  /** Offsets that it still holds. */
  bounds: () => Promise<PartitionBounds[]>;
  now?: () => number;
}

type CountedHour = Required<Omit<GenerateResult, 'shards'>>;

/** A broker that restarts is silent for a minute and a half at most. */
const SILENCE_MS = 120_000;
/** Who asks shortly before the end of the hour is kept waiting, who asks earlier is refused. */
const WAIT_AT_MOST_MS = 60_000;

const retentionMs = Number(TOPICS.find(({ name }) => name === EVENTS_TOPIC)?.config['retention.ms']);

export function createCountHourActivities(deps: CountHourDeps) {
  const { store, log } = deps;
  return withActivityFailures({
    /**
     * Counts what the broker holds of the hour: its ledger. Idempotency key: the window: a closed range of the log is the
     * same for ever.
     */
    countHour: (input: { window: WindowId }): Promise<Attempted<CountedHour>> =>
      withPulse(SILENCE_MS, async (pulse) => {
        const { window } = input;
        await awaitEnd(deps, window, pulse);
        const hour = hourOf(window);
        await log.closeAt(hour.endMs, { [HEADERS.window]: window }, pulse);
        const ranges = await rangesOf(log, window);
        await assertHeld(deps, window, ranges);
        const account = new HourAccount(window);
        await log.read(
          ranges,
          (records) => {
            for (const record of records)
              if (isLive(hour, record)) account.take(record.value ?? Buffer.alloc(0));
            pulse.note({ counted: account.arrived.records });
            return true;
          },
          pulse.signal,
        );
        pulse.signal.throwIfAborted();
        const ledger = account.ledger();
        const { total: records, content_hash, by_type } = ledger.arrived;
        const receipt: Receipt = {
          ...{ window, shard: 0, topic: EVENTS_TOPIC, ranges: writtenRanges(ranges) },
          ...{ records, bytes: account.arrived.bytes, content_hash, by_type, source: 'live' },
        };
        const receipt_digest = await keepReceipt(store, receipt);
        const ledger_key = keys.ledger(window);
        await store.putJson(ledger_key, ledger);
        if (!(await store.exists(liveKeys.hour(window))))
          await store.putJson(liveKeys.hour(window), { window, seen_at: new Date().toISOString() });
        const live = { receipt_digest };
        return {
          ...{ ledger, ledger_key, catalogue_key: liveKeys.catalogue, live },
          attempt: pulse.attempt,
        };
      }),
  });
}

async function awaitEnd({ now = Date.now }: CountHourDeps, window: WindowId, pulse: Pulse): Promise<void> {
  const leftMs = hourOf(window).endMs - now();
  if (leftMs > WAIT_AT_MOST_MS) throw new ClientError('InvalidInput', `${window} has not ended yet`);
  if (leftMs <= 0) return;
  pulse.note({ waits_for: 'the end of the hour' });
  await sleep(leftMs, undefined, { signal: pulse.signal });
}

/** Where the log begins within an hour that is older than its retention, the beginning of the hour is gone. */
async function assertHeld(deps: CountHourDeps, window: WindowId, ranges: readonly LogRange[]): Promise<void> {
  const { now = Date.now, bounds } = deps;
  if (now() - hourOf(window).startMs < retentionMs) return;
  const lows = new Map((await bounds()).map(({ partition, low }) => [partition, low]));
  const cut = ranges.some(({ partition, first }) => first > 0n && first === lows.get(partition));
  if (cut)
    throw new ClientError(
      'ResourceMissing',
      `the topic has let go of records that arrived in ${window}; raw holds them, and a replay can begin at reconcile`,
    );
}
