import type { PublishResult } from '../activities/publish.ts';
import { mergeTypedSets, type TypedSet } from '../contracts/ledger.ts';
import type { LandedShard, WindowReceipts, WindowRequest } from '../contracts/steps.ts';
import { allOrNone } from './all-or-none.ts';
import { type FirstSteps, most } from './first-steps.ts';
import { ingested } from './ingested.ts';
import type { KeptResults } from './kept-results.ts';
import type { StepActivities } from './step-activities.ts';

/** Records of the seeded generator, sent to the topic under the window's name. */
export function generatedWindow(
  request: WindowRequest,
  activities: StepActivities,
  kept: KeptResults,
): FirstSteps {
  const { window } = request;
  let landed: LandedShard[] | undefined;
  return {
    async generate() {
      const shards = await allOrNone(range(request.shards), (shard) =>
        activities.generation.generateShard({ request, shard }),
      );
      landed = shards.map(({ attempt: _, ...shard }) => shard);
      const value = await activities.generation.finishGeneration({ request });
      return { value: { ...value, landed: landedSet(landed) }, attempts: most([...shards, value]) };
    },
    async publish() {
      const published = await allOrNone(landed ?? (await kept.shards()), (shard) =>
        activities.publishing.publishShard({ window, shard }),
      );
      return { value: receiptsOf(published), attempts: most(published) };
    },
    async ingest({ catalogue_key }, receipts) {
      const report = await activities.spark.ingestWindow({ window, receipts, catalogue_key });
      return ingested(activities, report);
    },
  };
}

/** By reference, unless one was published by a worker of a version that kept none. */
function receiptsOf(published: readonly PublishResult[]): WindowReceipts {
  const digests = published.flatMap(({ receipt_digest: digest }) => digest ?? []);
  return digests.length === published.length ? { digests } : published.map(({ receipt }) => receipt);
}

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

function landedSet(shards: readonly LandedShard[]): TypedSet {
  return mergeTypedSets(
    shards.map(({ records: total, content_hash, by_type }) => ({ total, content_hash, by_type })),
  );
}
