import { hash } from 'node:crypto';
import { ClientError } from '../clients/errors.ts';
import type { ObjectStore } from '../clients/object-store.ts';
import { keys } from '../contracts/lake.ts';
import { Receipt, type WindowReceipts } from '../contracts/steps.ts';
import type { WindowId } from '../contracts/window.ts';

/** Objects asked for side by side. */
const AT_ONCE = 16;

/** Of what the receipt says, whoever wrote it and in whatever order: the parsed one has the contract's. */
function digestOf(receipt: Receipt): string {
  return hash('sha256', JSON.stringify(Receipt.parse(receipt))).slice(0, 16);
}

/**
 * Keeps a copy of a receipt where the later steps find it, and gives the digest by which it is named. A receipt names
 * every partition, so those of a large window together are too long for a workflow's history.
 */
export async function keepReceipt(store: ObjectStore, receipt: Receipt): Promise<string> {
  const digest = digestOf(receipt);
  await store.putJson(keys.receipt(receipt.window, receipt.shard, digest), receipt);
  return digest;
}

/**
 * The receipts of a window's shards, in their order.
 * @throws ClientError ResourceMissing, DataQualityFailed when an object is not the one that was kept
 */
export async function readReceipts(
  store: Pick<ObjectStore, 'getJson'>,
  window: WindowId,
  given: WindowReceipts,
): Promise<Receipt[]> {
  if (Array.isArray(given)) return given;
  const receipts: Receipt[] = [];
  for (let from = 0; from < given.digests.length; from += AT_ONCE) {
    const some = given.digests.slice(from, from + AT_ONCE);
    receipts.push(
      ...(await Promise.all(some.map((digest, at) => readOne(store, window, from + at, digest)))),
    );
  }
  return receipts;
}

async function readOne(
  store: Pick<ObjectStore, 'getJson'>,
  window: WindowId,
  shard: number,
  digest: string,
): Promise<Receipt> {
  const key = keys.receipt(window, shard, digest);
  const receipt = Receipt.parse(await store.getJson(key));
  if (digestOf(receipt) !== digest) {
    throw new ClientError('DataQualityFailed', `${key} is not the receipt that was kept there`);
  }
  return receipt;
}
