import type { PartitionBounds } from '../clients/kafka-topics.ts';
import type { Publication, Publisher } from '../clients/kafka-publisher.ts';
import type { ReceiptReader } from '../clients/kafka-receipts.ts';
import type { ObjectStore } from '../clients/object-store.ts';
import { ClientError } from '../clients/errors.ts';
import { recordKey } from '../contracts/classify.ts';
import type { HopRecord, HopReport } from '../contracts/hop-report.ts';
import { compareHop } from '../contracts/hops.ts';
import { type LandedShard, Receipt, type WindowRequest } from '../contracts/steps.ts';
import { EVENTS_TOPIC, HEADERS, MAX_MESSAGE_BYTES, RECEIPTS_TOPIC, receiptKey } from '../contracts/topics.ts';
import { beginOnce } from './begin-once.ts';
import { withActivityFailures } from './failures.ts';
import type { Attempted, Generator } from './generate.ts';
import { landedRecords } from './landed-records.ts';
import { type Pulse, withPulse } from './pulse.ts';
import { keepReceipt } from './receipts.ts';
import { RecordTally } from './records.ts';
import { regenerateLanded } from './regenerate-landed.ts';

export interface PublishDeps {
  store: ObjectStore;
  publisher: Publisher;
  receipts: ReceiptReader;
  /** Offsets that the events topic still holds. */
  bounds: () => Promise<PartitionBounds[]>;
  /** Makes a shard anew when the landed one is not what was written, to name what differs. Absent: nothing is named. */
  generator?: Pick<Generator, 'shard'>;
}

type Beat = Pick<Pulse, 'signal' | 'note'>;

/** Where a landed shard is read. */
export interface LandedSource {
  store: Pick<ObjectStore, 'getStream'>;
  /** Says which records differ when it is not what was written. Absent: none is named. */
  explain?: () => Promise<HopRecord[]>;
}

/** A look-up may wait a minute for somebody else's open transaction; nothing else is silent for as long. */
const SILENCE_MS = 90_000;

export interface PublishResult {
  receipt: Receipt;
  /** By which later steps find the receipt in the object store. Absent in results that earlier versions recorded. */
  receipt_digest?: string;
  /** An earlier attempt, or an earlier run with the same content, had published it already. */
  reused: boolean;
}

/** Whether the log still holds what the receipt names: retention, or a topic made anew, may have taken it away. */
export function stillHeld(receipt: Receipt, bounds: readonly PartitionBounds[]): boolean {
  const byPartition = new Map(bounds.map((one) => [one.partition, one]));
  return receipt.ranges.every(({ partition, first, last }) => {
    const held = byPartition.get(partition);
    return held !== undefined && held.low <= BigInt(first) && BigInt(last) < held.high;
  });
}

export function createPublishActivities(deps: PublishDeps) {
  return withActivityFailures({
    /**
     * Sends one shard in one transaction, its receipt inside. Idempotency key: (topic, window, shard, content hash).
     * The transaction is begun before the receipt is looked for: that fences a half-sent or still running earlier
     * attempt, so whatever the look-up finds cannot change any more.
     */
    publishShard: (input: {
      window: WindowRequest['window'];
      shard: LandedShard;
    }): Promise<Attempted<PublishResult>> =>
      withPulse(SILENCE_MS, async (pulse) => {
        const { window, shard } = input;
        const key = receiptKey(EVENTS_TOPIC, window, shard.shard, shard.content_hash);
        const id = `publish/${window}/${shard.shard}`;
        const { publication, found } = await beginOnce(deps, { topic: EVENTS_TOPIC, id, key }, pulse);
        try {
          const earlier = await stillGood(deps, found);
          const { store, generator } = deps;
          const source: LandedSource = generator
            ? { store, explain: () => regenerateLanded({ store, generator }, window, shard, pulse) }
            : { store };
          const receipt = earlier ?? (await sendShard(source, publication, window, shard, pulse));
          if (!earlier) await publication.commitWith(RECEIPTS_TOPIC, key, JSON.stringify(receipt));
          return {
            receipt,
            receipt_digest: await keepReceipt(deps.store, receipt),
            reused: earlier !== undefined,
            attempt: pulse.attempt,
          };
        } finally {
          // The broker ends what we cannot end any more; the error that brought us here is the one to report.
          await publication.abort().catch(() => undefined);
          await publication.close().catch(() => undefined);
        }
      }),
  });
}

async function stillGood(deps: PublishDeps, value: string | undefined): Promise<Receipt | undefined> {
  if (value === undefined) return undefined;
  const receipt = Receipt.parse(JSON.parse(value));
  return stillHeld(receipt, await deps.bounds()) ? receipt : undefined;
}

/** Sends a landed shard into an open transaction: what the records are is found out on the way, and has to be what landed. */
export async function sendShard(
  source: LandedSource,
  publication: Publication,
  window: WindowRequest['window'],
  shard: LandedShard,
  pulse: Beat,
): Promise<Receipt> {
  const tally = new RecordTally();
  const headers = {
    [HEADERS.window]: window,
    [HEADERS.shard]: String(shard.shard),
    [HEADERS.publication]: shard.content_hash,
  };
  for await (const records of landedRecords(source.store, shard.key)) {
    for (const record of records) {
      if (record.length > MAX_MESSAGE_BYTES - 1_024) {
        throw new ClientError(
          'InvalidInput',
          `${shard.key} holds a record of ${record.length} bytes: no broker takes it`,
        );
      }
      tally.take(record);
      // Keyed by listener. A record may be no valid UTF-8; Latin-1 keeps every byte apart.
      if (publication.add({ key: recordKey(record.toString('latin1')), value: record, headers })) {
        pulse.signal.throwIfAborted();
        await publication.flush();
        pulse.note({ sent: tally.records, of: shard.records });
      }
    }
  }
  await publication.flush();
  pulse.signal.throwIfAborted();
  await assertAsWritten(source, shard, tally, pulse);
  return {
    window,
    shard: shard.shard,
    topic: EVENTS_TOPIC,
    ranges: await publication.settled(),
    records: tally.records,
    bytes: tally.bytes,
    content_hash: shard.content_hash,
    by_type: tally.byType,
  };
}

/** @throws ClientError DataQualityFailed, with the hop as its detail, when the object is not what was written */
async function assertAsWritten(
  { explain }: LandedSource,
  shard: LandedShard,
  tally: RecordTally,
  pulse: Beat,
): Promise<void> {
  const held = (records: readonly HopRecord[]): HopReport =>
    compareHop(
      'landing',
      { total: shard.records, content_hash: shard.content_hash, by: shard.by_type ?? null },
      { total: tally.records, content_hash: tally.contentHash, by: tally.byType },
      { records },
    );
  if (held([]).matches) return;
  const hop = held(explain ? await ifItCanBeMade(explain(), pulse) : []);
  throw new ClientError(
    'DataQualityFailed',
    `${shard.key} holds ${tally.records} records (${tally.contentHash}), not the ${shard.records} ` +
      `(${shard.content_hash}) that were written: ${hop.differences.join(' ')}`,
    { details: { hops: [hop] } },
  );
}

/** That the object is not what was written is not to be hidden by what stands in the way of finding out why. */
async function ifItCanBeMade(found: Promise<HopRecord[]>, pulse: Beat): Promise<HopRecord[]> {
  try {
    return await found;
  } catch (error) {
    pulse.signal.throwIfAborted();
    if (error instanceof ClientError && error.retryable) throw error;
    return [];
  }
}
