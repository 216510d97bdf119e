import type { PartitionBounds } from '../clients/kafka-topics.ts';
import type { ObjectStore } from '../clients/object-store.ts';
import { type KeptSteps, stepResult } from '../contracts/kept-steps.ts';
import type { WindowId } from '../contracts/window.ts';
import { unlessMissing } from './kept-steps.ts';
import { stillHeld } from './publish.ts';
import { readReceipts } from './receipts.ts';

/** Why ingest would find less than the receipts of the kept publication name; undefined: the log holds all of it. */
export async function goneOffsets(
  store: Pick<ObjectStore, 'getJson'>,
  bounds: () => Promise<PartitionBounds[]>,
  kept: KeptSteps,
  window: WindowId,
): Promise<string | undefined> {
  const receipts = await unlessMissing(
    readReceipts(store, window, stepResult('publish', kept.publish?.result)),
  );
  if (!receipts) return 'receipts that were kept are not there any more';
  const held = await bounds();
  const gone = receipts.filter((receipt) => !stillHeld(receipt, held)).length;
  return gone === 0
    ? undefined
    : `the topic has let go of the records of ${gone} of ${receipts.length} shard${receipts.length === 1 ? '' : 's'}`;
}
