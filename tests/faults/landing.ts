import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createObjectStore } from '../../clients/object-store.ts';
import type { Config } from '../../config/config.ts';
import { keys } from '../../contracts/lake.ts';
import type { WindowId } from '../../contracts/window.ts';

/** Leaves half of the window's first landed shard. */
export async function halveLanded({ objectStore }: Config, window: WindowId): Promise<void> {
  const store = createObjectStore(objectStore);
  const key = keys.shard(window, 0);
  const whole = await buffer(await store.getStream(key));
  await store.putStream(key, Readable.from([whole.subarray(0, whole.length >> 1)]));
}
