import type { LogRange, LogReader } from '../clients/kafka-log.ts';
import type { PartitionBounds } from '../clients/kafka-topics.ts';
import type { ObjectStore } from '../clients/object-store.ts';
import type { HopReport } from '../contracts/hop-report.ts';
import { compareHop } from '../contracts/hops.ts';
import { keys } from '../contracts/lake.ts';
import { mergeTypedSets } from '../contracts/ledger.ts';
import type { Receipt } from '../contracts/steps.ts';
import type { WindowId } from '../contracts/window.ts';
import { hourOf, isLive } from './hour-ranges.ts';
import { landedRecords } from './landed-records.ts';
import { digestOf, Finding, LARGEST } from './lost-records.ts';
import type { Pulse } from './pulse.ts';
import { RecordTally } from './records.ts';

export interface LogDeps {
  store: Pick<ObjectStore, 'getStream'>;
  /** The events topic. */
  log: Pick<LogReader, 'read'>;
  /** Offsets that it still holds. */
  bounds: () => Promise<PartitionBounds[]>;
}

/** What the receipts name and the topic still holds: one range a partition, with whatever lies between. */
function stillThere(receipts: readonly Receipt[], bounds: readonly PartitionBounds[]): LogRange[] {
  const ranges = receipts.flatMap((receipt) => receipt.ranges);
  return bounds.flatMap(({ partition, low, high }) => {
    const own = ranges.filter((range) => range.partition === partition);
    if (own.length === 0) return [];
    const first = own.map((range) => BigInt(range.first)).reduce((one, other) => (one < other ? one : other));
    const last = own.map((range) => BigInt(range.last)).reduce((one, other) => (one > other ? one : other));
    const held = { first: first < low ? low : first, end: last < high ? last + 1n : high };
    return held.first < held.end ? [{ partition, ...held }] : [];
  });
}

/**
 * What the topic lacks of the records that the receipts name, by type, and ten of those that were landed and are not there any
 * more. Only asked when ingest has not found them all: it reads the ranges and the landing area again. Undefined: too many
 * records for a worker to compare.
 */
export async function lostInLog(
  { store, log, bounds }: LogDeps,
  window: WindowId,
  receipts: readonly Receipt[],
  { signal, note }: Pick<Pulse, 'signal' | 'note'>,
): Promise<HopReport | undefined> {
  const named = mergeTypedSets(
    receipts.map(({ records: total, content_hash, by_type }) => ({ total, content_hash, by_type })),
  );
  if (named.total > LARGEST) return undefined;
  const ranges = stillThere(receipts, await bounds());
  const found = new RecordTally();
  const report = (lost?: Finding): HopReport =>
    compareHop(
      'kafka',
      { total: named.total, content_hash: named.content_hash, by: named.by_type ?? null },
      { total: found.records, content_hash: found.contentHash, by: found.byType },
      { records: lost?.records ?? [] },
    );
  if (receipts.some(({ source }) => source === 'live')) {
    const hour = hourOf(window);
    await log.read(
      ranges,
      (records) => {
        for (const record of records) if (isLive(hour, record)) found.take(record.value ?? Buffer.alloc(0));
        note({ read_again: found.records });
        return true;
      },
      signal,
    );
    return report();
  }
  const held = new Map<bigint, number>();
  await log.read(
    ranges,
    (records) => {
      for (const { value } of records) {
        const digest = digestOf(value ?? Buffer.alloc(0));
        held.set(digest, (held.get(digest) ?? 0) + 1);
      }
      note({ read_again: held.size });
      return held.size <= LARGEST;
    },
    signal,
  );
  if (held.size > LARGEST) return undefined;
  const lost = new Finding('missing');
  for (const { shard } of receipts) {
    for await (const records of landedRecords(store, keys.shard(window, shard))) {
      signal.throwIfAborted();
      for (const record of records) {
        const digest = digestOf(record);
        const left = held.get(digest) ?? 0;
        if (left === 0) lost.add(() => record);
        else {
          held.set(digest, left - 1);
          found.take(record);
        }
      }
      note({ compared: found.records });
    }
  }
  return report(lost);
}
