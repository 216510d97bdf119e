import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HopReport, WindowReport } from '../../contracts/report.ts';
import type { createAmendActivities } from '../../activities/amend-ledger.ts';
import type { createCountHourActivities } from '../../activities/count-hour.ts';
import type { createDeadLetterActivities } from '../../activities/dead-letters.ts';
import type { createGenerateActivities } from '../../activities/generate.ts';
import type { createHourWatchActivities } from '../../activities/hour-watch.ts';
import { createKeptStepActivities } from '../../activities/kept-steps.ts';
import { createPlanReplayActivities } from '../../activities/plan-part.ts';
import type { createPublishActivities } from '../../activities/publish.ts';
import type { createReconcileActivities } from '../../activities/reconcile.ts';
import { createReplayActivities } from '../../activities/replays.ts';
import type { createReportActivities } from '../../activities/report.ts';
import type { createSparkActivities } from '../../activities/spark.ts';
import type { createWarehouseActivities } from '../../activities/warehouse.ts';
import { resetInHistory } from '../../activities/who-asked.ts';
import { activityInfo } from '@temporalio/activity';
import { combineContentHashes } from '../../contracts/content-hash.ts';
import { keys } from '../../contracts/lake.ts';
import type { Ledger, RecordAccount } from '../../contracts/ledger.ts';
import type { LakeVersions } from '../../contracts/steps.ts';
import type { Capability } from '../../contracts/task-queues.ts';
import { memoryStore } from './memory-store.ts';

const HASH = '00000000000000aa';
const VALID_HASH = '0000000000000099';

export const ACCOUNT: RecordAccount = {
  arrived: { total: 100, content_hash: HASH },
  valid: { total: 90, content_hash: VALID_HASH, by_type: { track_played: 90 } },
  quarantined: { total: 7, content_hash: '0000000000000007', by_reason: { malformed_json: 7 } },
  duplicates: { total: 3, content_hash: '000000000000000a' },
};

/** Of raw, events and quarantine together, with the duplicates in it. */
export const TABLES_HASH = combineContentHashes(
  [ACCOUNT.arrived, ACCOUNT.valid, ACCOUNT.quarantined, ACCOUNT.duplicates].map((set) => set.content_hash),
);

export const TABLES = Object.fromEntries(
  ['raw', 'events', 'quarantine', 'minute_counts'].map((table) => [
    table,
    { metadata_location: `s3://bucket/${table}.metadata.json`, snapshot_id: '1' },
  ]),
) as LakeVersions;

export const balanced = (hop: HopReport['hop']): HopReport => {
  const count = { total: 100, content_hash: HASH, by: {} };
  return { hop, expected: count, observed: count, matches: true, differences: [] };
};

/** Holds the serving folders of all fakes of this process. */
const SERVING = mkdtempSync(join(tmpdir(), 'reprise-serving-'));
export const removeServing = (): void => rmSync(SERVING, { recursive: true, force: true });
// Vitest ends its processes without this.
process.once('exit', removeServing);

type Steps = ReturnType<typeof createGenerateActivities> &
  ReturnType<typeof createCountHourActivities> &
  ReturnType<typeof createHourWatchActivities> &
  ReturnType<typeof createPublishActivities> &
  ReturnType<typeof createDeadLetterActivities> &
  ReturnType<typeof createSparkActivities> &
  ReturnType<typeof createReconcileActivities> &
  ReturnType<typeof createWarehouseActivities> &
  ReturnType<typeof createAmendActivities> &
  ReturnType<typeof createKeptStepActivities> &
  ReturnType<typeof createPlanReplayActivities> &
  ReturnType<typeof createReplayActivities> &
  ReturnType<typeof createReportActivities>;

const DEFAULTS = { events: 100, seed: 1, shards: 2, volume_shape: 'flat' } as const;

/** What only remembers; a test that asks which steps ran does not mean it. */
const REMEMBERING = [
  ...(['recordReport', 'recordReplay', 'recallSteps', 'recallShards', 'keepStep', 'planReplay'] as const),
];

/** As does what only looks whether a kept output is still there. */
const SILENT: readonly string[] = [...REMEMBERING, 'findGone'];

const QUEUE_OF: Record<keyof Steps, Capability> = {
  findSource: 'control',
  countHour: 'publish',
  vouchForHour: 'control',
  awaitStream: 'control',
  closeWindow: 'spark',
  generateShard: 'publish',
  finishGeneration: 'publish',
  publishShard: 'publish',
  forwardDeadLetters: 'publish',
  ingestWindow: 'spark',
  compactWindow: 'spark',
  reconcileWindow: 'control',
  recordReport: 'control',
  recordReplay: 'control',
  recallSteps: 'control',
  recallShards: 'control',
  keepStep: 'control',
  amendLedger: 'control',
  keepAmendment: 'control',
  planReplay: 'control',
  loadWindow: 'warehouse',
  findGone: 'warehouse',
  buildWindow: 'warehouse',
  publishServing: 'warehouse',
};

const attempt = (): number => activityInfo().attempt;

const NOT_PLANTED = { late: 0, out_of_order: 0, planted: {} };
const INGESTED = { account: ACCOUNT, minute_rows: 60, tables: TABLES, seconds: {} };

/** A window of a hundred events in which every step succeeds. */
const succeed: Omit<Steps, (typeof REMEMBERING)[number]> = {
  findSource: async ({ source }) => ({ source: source === 'live' ? 'live' : 'generated' }),
  countHour: async ({ window }) => ({
    ledger: { ...ACCOUNT, window, seed: 0, events_requested: 0, shards: 0, ...NOT_PLANTED },
    ledger_key: 'ledger',
    catalogue_key: 'live/catalogue.ndjson',
    live: { receipt_digest: 'receipt-of-the-hour' },
    attempt: attempt(),
  }),
  vouchForHour: async ({ receipt_digest }) => ({
    receipts: { digests: [receipt_digest] },
    attempt: attempt(),
  }),
  awaitStream: async () => ({ attempt: attempt() }),
  closeWindow: async ({ window }) => ({ ...INGESTED, window, attempt: attempt() }),
  generateShard: async ({ shard }) => ({
    shard,
    key: `shard-${shard}`,
    ledger_key: `ledger-${shard}`,
    bytes: 1_000,
    records: 50,
    content_hash: '0000000000000055',
    attempt: attempt(),
  }),
  finishGeneration: async ({ request, shards }) => ({
    shards,
    ledger: {
      ...ACCOUNT,
      window: request.window,
      seed: request.seed,
      events_requested: request.events,
      shards: request.shards,
      ...NOT_PLANTED,
    } satisfies Ledger,
    ledger_key: 'ledger',
    catalogue_key: 'catalogue',
    attempt: attempt(),
  }),
  publishShard: async ({ window, shard }) => ({
    receipt: {
      window,
      shard: shard.shard,
      topic: 'events',
      ranges: [{ partition: 0, first: '0', last: '49' }],
      records: 50,
      bytes: 1_000,
      content_hash: shard.content_hash,
    },
    receipt_digest: `receipt-of-${shard.shard}`,
    reused: false,
    attempt: attempt(),
  }),
  ingestWindow: async ({ window }) => ({ ...INGESTED, window, attempt: attempt() }),
  forwardDeadLetters: async ({ quarantined }) => ({
    forwarded: quarantined.total,
    reused: false,
    attempt: attempt(),
  }),
  reconcileWindow: async () => ({
    hops: (['landing', 'kafka', 'raw', 'events', 'quarantine', 'duplicates'] as const).map(balanced),
    attempt: attempt(),
  }),
  compactWindow: async ({ window }) => ({
    window,
    tables: TABLES,
    rewritten: {},
    content_hash_before: TABLES_HASH,
    content_hash_after: TABLES_HASH,
    snapshots_expired: 0,
    seconds: {},
    attempt: attempt(),
  }),
  loadWindow: async () => ({
    rows: { events: 90, quarantine: 10, minute_counts: 60 },
    by_type: { track_played: 90 },
    content_hash: VALID_HASH,
    affected_dates: ['2026-01-05'],
    attempt: attempt(),
  }),
  findGone: async () => null,
  amendLedger: async () => ({ moved: [] }),
  keepAmendment: async () => undefined,
  buildWindow: async () => ({
    ...{ models: 5, tests: 20, seconds: 1, resumed: false },
    ...{ hops: [balanced('marts')], attempt: attempt() },
  }),
  publishServing: async () => ({
    ...{
      version: 'v1',
      file: 'v1.duckdb',
      bytes: 1,
      marts: { sessions: 4 },
      warehouse_marts: { sessions: 4 },
    },
    attempt: attempt(),
  }),
};

/** A worker whose rules judge other records than those by which the window was planted, and as many of each. */
export const amending: Pick<Steps, 'amendLedger'> = {
  amendLedger: async ({ order }) => {
    const moved = ['As many records as before, but other ones.'];
    const entry = { ...order, at: '2026-02-01T00:00:00.000Z', run_id: 'r', moved };
    return { moved, amendment: { arrived: ACCOUNT.arrived, account: ACCOUNT, entry } };
  },
};

/**
 * The steps with some replaced; notes which were called, and every report that was recorded. What is kept for a replay goes
 * to a store in memory, by the activities that really do so.
 */
export function fakeSteps(replaced: Partial<Steps> = {}, store = memoryStore()) {
  const calls: string[] = [];
  const reports: WindowReport[] = [];
  const all: Steps = {
    ...succeed,
    ...createKeptStepActivities({ store }),
    ...createPlanReplayActivities({ store, defaults: DEFAULTS }),
    ...createReplayActivities({
      ...{ store, serving: mkdtempSync(join(SERVING, 'steps-')) },
      askers: { resetOf: resetInHistory },
    }),
    recordReport: async ({ report }) => {
      reports.push(report);
      await store.putJson(keys.report(report.window), report);
    },
    ...replaced,
  };
  const queues: Record<Capability, Record<string, (...args: never[]) => Promise<unknown>>> = {
    control: {},
    publish: {},
    spark: {},
    warehouse: {},
    live: {},
  };
  for (const [name, step] of Object.entries(all) as [keyof Steps, (...args: never[]) => Promise<unknown>][]) {
    queues[QUEUE_OF[name]][name] = (...args: never[]) => {
      if (!SILENT.includes(name)) calls.push(name);
      return step(...args);
    };
  }
  return { calls, reports, queues, store };
}
