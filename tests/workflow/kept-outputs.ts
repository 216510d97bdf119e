import { keys } from '../../contracts/lake.ts';
import { input } from './harness.ts';
import type { memoryStore } from './memory-store.ts';

const { window } = input;

/** What stands in the store after each of these steps has left its output there. */
export async function leaveOutputs(store: ReturnType<typeof memoryStore>): Promise<void> {
  const tables = ['raw', 'events', 'quarantine', 'minute_counts'];
  for (const table of tables) {
    await store.putJson(`${table}.metadata.json`, { list: `s3://bucket/snap-1-${table}.avro` });
    await store.putJson(`snap-1-${table}.avro`, {});
  }
  await store.putJson('catalogue', {});
  for (const shard of [0, 1]) {
    await store.putJson(keys.shard(window, shard), {});
    await store.putJson(keys.receipt(window, shard, `receipt-of-${shard}`), {});
    await store.putJson(keys.shardLedger(window, shard), {
      ...{ window, seed: 1, events_requested: 100, shards: 2, late: 0, out_of_order: 0, planted: {} },
      arrived: { total: 50, content_hash: '0000000000000055' },
      valid: { total: 50, content_hash: '0000000000000055', by_type: {} },
      quarantined: { total: 0, content_hash: '0000000000000000', by_reason: {} },
      duplicates: { total: 0, content_hash: '0000000000000000' },
    });
  }
}
