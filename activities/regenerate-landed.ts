import { Readable } from 'node:stream';
import type { HopRecord } from '../contracts/hop-report.ts';
import { Ledger } from '../contracts/ledger.ts';
import { type LandedShard, VolumeShape } from '../contracts/steps.ts';
import type { WindowId } from '../contracts/window.ts';
import type { ObjectStore } from '../clients/object-store.ts';
import type { Generator } from './generate.ts';
import { landedRecords } from './landed-records.ts';
import { digestOf, Finding, LARGEST } from './lost-records.ts';
import type { Pulse } from './pulse.ts';
import { readRecords, RecordTally } from './records.ts';

/**
 * Which records a landed shard has lost since it was written, and which it has too many of. Nothing else holds them yet, but
 * the generator makes the same bytes as often as it is asked to. Empty when it does not: what was landed is not its own.
 */
export async function regenerateLanded(
  {
    store,
    generator,
  }: { store: Pick<ObjectStore, 'getJson' | 'getStream'>; generator: Pick<Generator, 'shard'> },
  window: WindowId,
  shard: LandedShard,
  pulse: Pick<Pulse, 'signal' | 'note'>,
): Promise<HopRecord[]> {
  if (shard.records > LARGEST) return [];
  const lies = new Map<bigint, number>();
  for await (const records of landedRecords(store, shard.key))
    for (const record of records) {
      const digest = digestOf(record);
      lies.set(digest, (lies.get(digest) ?? 0) + 1);
      if (lies.size > LARGEST) return [];
    }
  const { seed, events_requested: events, shards } = Ledger.parse(await store.getJson(shard.ledger_key));
  // The ledger does not tell the shape; the hash tells whether it was this one.
  for (const volume_shape of VolumeShape.options) {
    const remaining = new Map(lies);
    const lost = new Finding('missing');
    const tally = new RecordTally();
    const request = { window, events, seed, shards, volume_shape, shard: shard.shard };
    await generator.shard(request, async (lines) => {
      pulse.signal.throwIfAborted();
      for await (const records of readRecords(Readable.from([lines]))) {
        for (const record of records) {
          tally.take(record);
          const digest = digestOf(record);
          const left = remaining.get(digest) ?? 0;
          if (left === 0) lost.add(() => record);
          else if (left === 1) remaining.delete(digest);
          else remaining.set(digest, left - 1);
        }
      }
      pulse.note({ regenerated: tally.records });
    });
    if (tally.contentHash !== shard.content_hash) continue;
    return [...lost.records, ...(await surplus(store, shard, remaining))];
  }
  return [];
}

async function surplus(
  store: Pick<ObjectStore, 'getStream'>,
  shard: LandedShard,
  remaining: Map<bigint, number>,
): Promise<HopRecord[]> {
  const extra = new Finding('extra');
  if (remaining.size === 0) return [];
  for await (const records of landedRecords(store, shard.key))
    for (const record of records) {
      const left = remaining.get(digestOf(record)) ?? 0;
      if (left === 0) continue;
      remaining.set(digestOf(record), left - 1);
      extra.add(() => record);
    }
  return extra.records;
}
