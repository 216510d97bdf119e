import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createObjectStore } from '../../clients/object-store.ts';
import type { Config } from '../../config/config.ts';
import { keys } from '../../contracts/lake.ts';
import type { WindowId } from '../../contracts/window.ts';

/** Leaves half of the window's first landed shard. False when it has not landed with its ledger yet. */
export async function halveLanded({ objectStore }: Config, window: WindowId): Promise<boolean> {
  const store = createObjectStore(objectStore);
  const key = keys.shard(window, 0);
  // The ledger comes last: before it, the attempt may still write the object anew.
  if (!(await store.exists(keys.shardLedger(window, 0)))) return false;
  const whole = await buffer(await store.getStream(key));
  await store.putStream(key, Readable.from([whole.subarray(0, whole.length >> 1)]));
  return true;
}
