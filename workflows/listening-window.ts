import {
  ApplicationFailure,
  CancellationScope,
  defineQuery,
  defineSignal,
  isCancellation,
  log,
  patched,
  setHandler,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type { PublishResult } from '../activities/publish.ts';
import { combineContentHashes } from '../contracts/content-hash.ts';
import { compareHop, rowsByMart } from '../contracts/hops.ts';
import type { StepResults } from '../contracts/kept-steps.ts';
import { keys } from '../contracts/lake.ts';
import { type Ledger, mergeTypedSets, type TypedSet } from '../contracts/ledger.ts';
import type { HopReport, WindowProgress, WindowReport } from '../contracts/report.ts';
import {
  type CompactReport,
  type LakeVersions,
  type LandedShard,
  ListeningWindowInput,
  type StepName,
  type WindowReceipts,
  type WindowRequest,
} from '../contracts/steps.ts';
import { JOINED_SIGNAL, PROGRESS_QUERY } from '../contracts/task-queues.ts';
import { allOrNone } from './all-or-none.ts';
import { KeptResults } from './kept-results.ts';
import { reportRecorder } from './report-recorder.ts';
import { showInSearch } from './search-attributes.ts';
import { type StepActivities, stepActivities } from './step-activities.ts';
import { describeFailure } from './window-failure.ts';
import { WindowProgressLog } from './window-progress.ts';

/** What is left of a window when it is done; the rest is in its report. */
export interface WindowResult {
  window: string;
  reconciled: boolean;
  counts: WindowReport['counts'];
  serving_version: string | null;
  report_key: string;
}

const progressQuery = defineQuery<WindowProgress>(PROGRESS_QUERY);
const joinedSignal = defineSignal<[unknown]>(JOINED_SIGNAL);

/** Runs one window through its steps. Stops at the first that fails: what stands before it stays, nothing after it is touched. */
export async function listeningWindow(given: ListeningWindowInput): Promise<WindowResult> {
  const parsed = ListeningWindowInput.safeParse(given);
  if (!parsed.success) {
    const first = parsed.error.issues[0];
    throw ApplicationFailure.nonRetryable(`${first?.path.join('.')}: ${first?.message}`, 'InvalidInput');
  }
  const input = parsed.data;
  const { workflowId, runId } = workflowInfo();
  const window = new WindowProgressLog(input, { workflow_id: workflowId, run_id: runId }, Date.now());
  setHandler(progressQuery, () => window.progress());
  upsertMemo({ requested_by: input.requested_by, ...(input.airflow ? { airflow: input.airflow } : {}) });

  const activities = stepActivities(input);
  const kept = new KeptResults(activities, input);
  setHandler(joinedSignal, (order) => kept.join(order));
  await recallOrRefuse(kept);
  window.days = kept.daysBefore;
  const reports = reportRecorder(activities, window);
  reports.record();
  try {
    await kept.tell(window, 'begins');
    await runSteps(input, activities, window, kept, reports.record);
    window.close('completed', Date.now());
    showInSearch(input, window);
    await reports.recordLast();
    await kept.tell(window, 'ended');
  } catch (error) {
    const failure = describeFailure(error);
    const cancelled = isCancellation(error);
    window.close(cancelled ? 'cancelled' : 'failed', Date.now(), cancelled ? undefined : failure);
    showInSearch(input, window);
    // The window's last word must be written although the workflow is being cancelled.
    await CancellationScope.nonCancellable(async () => {
      try {
        await reports.recordLast();
        await kept.tell(window, 'ended');
      } catch (unwritten) {
        // What ended the window is its failure, also when the store that it failed by takes no report either.
        log.warn('the last report was not recorded', { error: unwritten });
      }
    });
    if (cancelled) throw error;
    throw ApplicationFailure.create({
      type: failure.type,
      message: `${window.step ?? 'window'}: ${failure.message}`,
      nonRetryable: failure.nonRetryable,
      details: [failure.details, { step: window.step }],
    });
  }
  return {
    window: input.window,
    reconciled: window.reconciled,
    counts: window.counts(),
    serving_version: window.servingVersion,
    report_key: keys.report(input.window),
  };
}

/** A window that cannot begin where it is asked to leaves the report as it was: nothing has been touched. */
async function recallOrRefuse(kept: KeptResults): Promise<void> {
  try {
    await kept.recall();
  } catch (error) {
    if (isCancellation(error)) throw error;
    const { type, message, nonRetryable, details } = describeFailure(error);
    throw ApplicationFailure.create({ type, message, nonRetryable, details: [details, { step: null }] });
  }
}

type Attempted = { attempt?: number };

async function runSteps(
  input: ListeningWindowInput,
  activities: StepActivities,
  progress: WindowProgressLog,
  kept: KeptResults,
  record: () => void,
): Promise<void> {
  const { window } = input;
  const request: WindowRequest = {
    window,
    events: input.events,
    seed: input.seed,
    shards: input.shards,
    volume_shape: input.volume_shape,
  };

  async function step<S extends StepName, T extends StepResults[S]>(
    name: S,
    work: () => Promise<{ value: T; attempts: number }>,
  ): Promise<T | StepResults[S]> {
    const recalled = kept.of(name);
    if (recalled) {
      progress.keep(name, recalled.at);
      return recalled.result;
    }
    progress.begin(name, Date.now());
    showInSearch(input, progress);
    record();
    try {
      const { value, attempts } = await work();
      await kept.keep(name, value);
      progress.end(name, Date.now(), attempts, 'completed');
      return value;
    } catch (error) {
      const { type, message, attempts, hops } = describeFailure(error);
      if (hops) progress.hops = [...progress.hops, ...hops];
      progress.end(name, Date.now(), attempts, isCancellation(error) ? 'cancelled' : { type, message });
      throw error;
    }
  }
  const single = async <T>(work: Promise<T>): Promise<{ value: T; attempts: number }> => {
    const value = await work;
    return { value, attempts: (value as Attempted).attempt ?? 1 };
  };
  const most = (results: readonly Attempted[]): number =>
    Math.max(1, ...results.map((result) => result.attempt ?? 1));

  let landed: LandedShard[] | undefined;
  const generated = await step('generate', async () => {
    const shards = await allOrNone(range(input.shards), (shard) =>
      activities.generation.generateShard({ request, shard }),
    );
    landed = shards.map(({ attempt: _, ...shard }) => shard);
    const value = await activities.generation.finishGeneration({ request });
    return { value: { ...value, landed: landedSet(landed) }, attempts: most([...shards, value]) };
  });

  const ledger = kept.ledger(generated.ledger);
  progress.amended = kept.amended();

  const receipts = await step('publish', async () => {
    const published = await allOrNone(landed ?? (await kept.shards()), (shard) =>
      activities.publishing.publishShard({ window, shard }),
    );
    return { value: receiptsOf(published), attempts: most(published) };
  });

  const ingested = await step('ingest', async () => {
    const report = await activities.spark.ingestWindow({
      window,
      receipts,
      catalogue_key: generated.catalogue_key,
    });
    const { quarantined } = report.account;
    const letters = await activities.deadLetters.forwardDeadLetters({
      window,
      tables: report.tables,
      quarantined: { total: quarantined.total, content_hash: quarantined.content_hash },
    });
    // Its seconds are told by the step.
    const { account, tables } = report;
    return { value: { account, tables }, attempts: most([report, letters]) };
  });
  progress.counted(ingested.account);

  const reconcile = (tables: LakeVersions) =>
    single(
      activities.reconciliation.reconcileWindow({
        ...{ window, ledger, landed: generated.landed, receipts },
        ...{ ingest: ingested.account, tables },
      }),
    );
  const reconciled = await step('reconcile', () => reconcile(ingested.tables));
  progress.hops = reconciled.hops;
  await kept.keepAmendment();
  progress.amended = kept.amended();

  const compacted = await step('compact', async () => {
    const compaction = await single(activities.spark.compactWindow({ window }));
    if (kept.mayHaveLostWhatWasReconciled || isOtherThan(ledger, compaction.value)) {
      progress.hops = [];
      const { tables } = compaction.value;
      progress.hops = (await reconcile(tables)).value.hops;
    }
    return compaction;
  });

  const { valid } = ledger;
  const inWarehouse = ({ rows, content_hash, by_type }: StepResults['load']): HopReport =>
    compareHop(
      'warehouse',
      { total: valid.total, content_hash: valid.content_hash, by: by_type ? valid.by_type : {} },
      { total: rows.events ?? 0, content_hash, by: by_type ?? {} },
    );
  const loaded = await step('load', async () => {
    const result = await single(
      activities.warehouse.loadWindow({ window, tables: compacted.tables, expected: valid }),
    );
    const hop = inWarehouse(result.value);
    if (!hop.matches) {
      progress.hops = [...progress.hops, hop];
      throw ApplicationFailure.nonRetryable(hop.differences.join(' '), 'DataQualityFailed');
    }
    return result;
  });
  progress.hops = [...progress.hops, inWarehouse(loaded)];
  progress.days = loaded.affected_dates;

  const built = await step('build', () =>
    single(activities.warehouse.buildWindow({ window, affected_dates: loaded.affected_dates })),
  );
  progress.hops = [...progress.hops, ...(built.hops ?? [])];

  const serving = await step('publish_serving', () => single(activities.serving.publishServing({ window })));
  progress.servingVersion = serving.version;
  const { marts, warehouse_marts: source, hops: served } = serving;
  if (served) progress.hops = [...progress.hops, ...served];
  else if (source)
    progress.hops = [...progress.hops, compareHop('serving', rowsByMart(source), rowsByMart(marts))];
}

/** Somebody has committed to the window since it was reconciled: compaction saw other rows, and the loads that follow would. */
function isOtherThan(
  { arrived, valid, quarantined, duplicates }: Ledger,
  compaction: CompactReport,
): boolean {
  const parts = [arrived, valid, quarantined, duplicates];
  const expected = combineContentHashes(parts.map(({ content_hash: hash }) => hash));
  return compaction.content_hash_before !== expected && patched('lake-is-what-was-reconciled');
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
