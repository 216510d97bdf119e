import { beforeEach, describe, expect, it } from 'vitest';
import { keepReceipt, readReceipts } from '../../../activities/receipts.ts';
import { ClientError } from '../../../clients/errors.ts';
import type { ObjectStore } from '../../../clients/object-store.ts';
import type { Receipt } from '../../../contracts/steps.ts';

const window = '2026-01-05T08:00Z';
const receipt = (shard: number, first = 0): Receipt => ({
  ...{ window, shard, topic: 'events', records: 10, bytes: 100 },
  ranges: [{ partition: shard, first: String(first), last: String(first + 9) }],
  content_hash: '00000000000000ab',
});

describe('receipts by reference', () => {
  let objects: Map<string, string>;
  let store: ObjectStore;
  beforeEach(() => {
    objects = new Map();
    store = {
      putJson: async (key: string, value: unknown) => void objects.set(key, JSON.stringify(value)),
      getJson: async (key: string) => {
        const text = objects.get(key);
        if (text === undefined) throw new ClientError('ResourceMissing', `${key} is not there`);
        return JSON.parse(text) as unknown;
      },
    } as unknown as ObjectStore;
  });

  it('are those of the shards, in their order', async () => {
    const receipts = Array.from({ length: 50 }, (_, shard) => receipt(shard));
    const digests: string[] = [];
    for (const one of receipts) digests.push(await keepReceipt(store, one));
    expect(await readReceipts(store, window, { digests })).toEqual(receipts);
  });

  it('stand beside each other when a shard is published again', async () => {
    const digests = [await keepReceipt(store, receipt(0))];
    await keepReceipt(store, receipt(0, 1_000));
    expect(await readReceipts(store, window, { digests })).toEqual([receipt(0)]);
  });

  it('are taken as they are when an earlier version gave them whole', async () => {
    expect(await readReceipts(store, window, [receipt(0)])).toEqual([receipt(0)]);
  });

  it('are not taken when they are gone or others', async () => {
    const digests = [await keepReceipt(store, receipt(0))];
    const [key] = [...objects.keys()];
    objects.set(key ?? '', JSON.stringify(receipt(0, 1_000)));
    await expect(readReceipts(store, window, { digests })).rejects.toMatchObject({
      code: 'DataQualityFailed',
    });
    objects.clear();
    await expect(readReceipts(store, window, { digests })).rejects.toMatchObject({ code: 'ResourceMissing' });
  });
});
