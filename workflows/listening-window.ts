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
import { combineContentHashes } from '../contracts/content-hash.ts';
import { compareHop, rowsByMart } from '../contracts/hops.ts';
import type { StepResults } from '../contracts/kept-steps.ts';
import { keys } from '../contracts/lake.ts';
import type { Ledger } from '../contracts/ledger.ts';
import { LIVE_HOUR_REQUEST } from '../contracts/live.ts';
import type { HopReport, WindowProgress, WindowReport } from '../contracts/report.ts';
import {
  type CompactReport,
  type LakeVersions,
  ListeningWindowInput,
  type StepName,
} from '../contracts/steps.ts';
import { JOINED_SIGNAL, PROGRESS_QUERY } from '../contracts/task-queues.ts';
import { type Done, type FirstSteps, single } from './first-steps.ts';
import { generatedWindow } from './generated-window.ts';
import { KeptResults } from './kept-results.ts';
import { liveHour } from './live-hour.ts';
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
  const { requested_by, airflow } = parsed.data;
  const { workflowId, runId } = workflowInfo();
  const window = new WindowProgressLog(parsed.data, { workflow_id: workflowId, run_id: runId }, Date.now());
  setHandler(progressQuery, () => window.progress());
  upsertMemo({ requested_by, ...(airflow ? { airflow } : {}) });

  const input = await orRefuse(withSource(parsed.data));
  window.input = input;
  const activities = stepActivities(input);
  const kept = new KeptResults(activities, input);
  setHandler(joinedSignal, (order) => kept.join(order));
  await orRefuse(kept.recall());
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
async function orRefuse<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (isCancellation(error)) throw error;
    const { type, message, nonRetryable, details } = describeFailure(error);
    throw ApplicationFailure.create({ type, message, nonRetryable, details: [details, { step: null }] });
  }
}

type WindowInput = ReturnType<typeof ListeningWindowInput.parse>;

/** Nobody asks a live hour to be anything: whoever wants it closed, by whatever defaults, means the same window. */
async function withSource(asked: WindowInput): Promise<WindowInput> {
  const { window, source } = asked;
  if (source === undefined) return asked;
  const found = await stepActivities(asked).hour.findSource({ window, source });
  return found.source === 'live'
    ? { ...asked, ...LIVE_HOUR_REQUEST, source: 'live' }
    : { ...asked, source: 'generated' };
}

function firstSteps(input: WindowInput, activities: StepActivities, kept: KeptResults): FirstSteps {
  const { window, events, seed, shards, volume_shape, source, replay, from_step } = input;
  if (source === 'live') return liveHour(window, (replay ?? from_step) !== undefined, activities);
  return generatedWindow({ window, events, seed, shards, volume_shape }, activities, kept);
}

async function runSteps(
  input: WindowInput,
  activities: StepActivities,
  progress: WindowProgressLog,
  kept: KeptResults,
  record: () => void,
): Promise<void> {
  const { window } = input;
  const first = firstSteps(input, activities, kept);

  async function step<S extends StepName, T extends StepResults[S]>(
    name: S,
    work: () => Promise<Done<T>>,
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

  const generated = await step('generate', () => first.generate());
  const ledger = kept.ledger(generated.ledger);
  progress.amended = kept.amended();
  const receipts = await step('publish', () => first.publish(generated));
  const ingested = await step('ingest', () => first.ingest(generated, receipts));
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
