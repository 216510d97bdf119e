import { ApplicationFailure } from '@temporalio/common';
import proto from '@temporalio/proto';
import { describe, expect, it } from 'vitest';
import { toActivityFailure } from '../../activities/failures.ts';
import { keepReceipt } from '../../activities/receipts.ts';
import { ClientError } from '../../clients/errors.ts';
import { combineContentHashes } from '../../contracts/content-hash.ts';
import { EVENT_TYPES } from '../../contracts/events.ts';
import { type HopRecord, NAMED_RECORDS } from '../../contracts/hop-report.ts';
import { compareHop } from '../../contracts/hops.ts';
import { keys } from '../../contracts/lake.ts';
import type { Ledger, RecordAccount } from '../../contracts/ledger.ts';
import { REASON_ORDER } from '../../contracts/quarantine.ts';
import { HopName } from '../../contracts/report.ts';
import {
  LAKE_TABLES,
  type LakeVersions,
  type Receipt,
  STEPS,
  type WindowRequest,
} from '../../contracts/steps.ts';
import { fakeSteps } from './fake-steps.ts';
import { failureOf, input, start, temporalForTests } from './harness.ts';
import { memoryStore } from './memory-store.ts';

/** Kept by every event of a history, and so by every payload in it. Temporal itself warns at 256 KB and refuses 2 MB. */
const LARGEST = 65_536;

const EVENTS = 10_000_000;
/** As many as a large broker has for one topic, and offsets after years. */
const PARTITIONS = 48;
const OFFSET = 123_456_789_012;

const HASH = 'fedcba9876543210';
const share = (names: readonly string[], of: number): Record<string, number> =>
  Object.fromEntries(names.map((name) => [name, Math.floor(of / names.length)]));

const ACCOUNT: RecordAccount = {
  arrived: { total: EVENTS, content_hash: combineContentHashes([HASH, HASH, HASH]) },
  valid: { total: EVENTS - 200_000, content_hash: HASH, by_type: share(EVENT_TYPES, EVENTS - 200_000) },
  quarantined: { total: 100_000, content_hash: HASH, by_reason: share(REASON_ORDER, 100_000) },
  duplicates: { total: 100_000, content_hash: HASH },
};

const TABLES = Object.fromEntries(
  LAKE_TABLES.map((table) => [
    table,
    {
      metadata_location: `s3://a-bucket-of-somebody/lake/listening/${table}/metadata/00123-0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0.metadata.json`,
      snapshot_id: '1234567890123456789',
    },
  ]),
) as LakeVersions;

const MARTS = share(
  Array.from({ length: 40 }, (_, mart) => `a_mart_with_a_long_name_${mart}`),
  EVENTS,
);

function ledgerOf(request: WindowRequest): Ledger {
  return {
    ...ACCOUNT,
    window: request.window,
    seed: request.seed,
    events_requested: request.events,
    shards: request.shards,
    late: EVENTS,
    out_of_order: EVENTS,
    planted: share([...REASON_ORDER, 'duplicate', 'late', 'out_of_order', 'conflicting_duplicate'], EVENTS),
  };
}

const receiptOf = (window: string, shard: number, records: number): Receipt => ({
  window,
  shard,
  topic: 'reprise.listening-events.v1',
  ranges: Array.from({ length: PARTITIONS }, (_, partition) => ({
    partition,
    first: String(OFFSET),
    last: String(OFFSET + records),
  })),
  records,
  bytes: records * 600,
  content_hash: HASH,
});

/** A window of ten million events, each step telling as much as it can. */
function largeSteps(replaced: Parameters<typeof fakeSteps>[0] = {}, store = memoryStore()) {
  const large: Parameters<typeof fakeSteps>[0] = {
    generateShard: async ({ request, shard }) => ({
      shard,
      key: keys.shard(request.window, shard),
      ledger_key: keys.shardLedger(request.window, shard),
      bytes: Math.ceil((EVENTS * 600) / request.shards),
      records: Math.ceil(EVENTS / request.shards),
      content_hash: HASH,
      by_type: share([...EVENT_TYPES, 'unreadable'], EVENTS),
      attempt: 1,
    }),
    finishGeneration: async ({ request }) => ({
      ledger: ledgerOf(request),
      ledger_key: keys.ledger(request.window),
      catalogue_key: keys.catalogue(request.window),
      attempt: 1,
    }),
    publishShard: async ({ window, shard }) => {
      const receipt = receiptOf(window, shard.shard, shard.records);
      const receipt_digest = await keepReceipt(steps.store, receipt);
      return { receipt, receipt_digest, reused: false, attempt: 1 };
    },
    ingestWindow: async ({ window }) => ({
      ...{ window, account: ACCOUNT, minute_rows: 10_000_000, tables: TABLES, attempt: 1 },
      seconds: share(['session', 'read', 'classify', 'raw', 'events', 'quarantine', 'minute_counts'], 7_000),
    }),
    reconcileWindow: async () => ({
      hops: HopName.options.slice(0, 6).map((hop) => compared(hop)),
      attempt: 1,
    }),
    loadWindow: async () => ({
      rows: share(LAKE_TABLES, EVENTS),
      by_type: ACCOUNT.valid.by_type,
      content_hash: HASH,
      contents: Object.fromEntries(LAKE_TABLES.map((table) => [table, { rows: EVENTS, content_hash: HASH }])),
      affected_dates: Array.from({ length: 366 }, () => '2026-01-05'),
      attempt: 1,
    }),
    buildWindow: async () => ({
      ...{ models: 100, tests: 1_000, seconds: 1_000, resumed: true, attempt: 1 },
      hops: [compared('marts', counted, [], HASHES)],
    }),
    publishServing: async () => ({
      hops: [compared('serving', counted, [], HASHES)],
      ...{
        version: '20260105T080000Z-0123456789abcdef',
        file: 'serving.duckdb',
        bytes: 10 ** 12,
        attempt: 1,
      },
      ...{ marts: MARTS, warehouse_marts: MARTS },
    }),
    ...replaced,
  };
  const steps = fakeSteps(large, store);
  const { loadWindow } = steps.queues.warehouse;
  steps.queues.warehouse.loadWindow = async (...args) => {
    const loaded = (await loadWindow?.(...args)) as { rows: object };
    return { ...loaded, rows: { ...loaded.rows, events: ACCOUNT.valid.total } };
  };
  return steps;
}

const counted = {
  total: EVENTS,
  content_hash: HASH,
  by: { ...share(EVENT_TYPES, EVENTS), ...share(REASON_ORDER, EVENTS) },
};
/** As many as a hop may name, each as long as can be. */
const NAMED: HopRecord[] = Array.from({ length: 2 * NAMED_RECORDS }, (_, index) => ({
  finding: index < NAMED_RECORDS ? ('missing' as const) : ('extra' as const),
  ...{ type: 'playlist_track_added', event_id: `${index}`.padStart(64, '0') },
}));
const nothing = { total: 0, content_hash: '0000000000000000', by: {} };
const HASHES = Object.fromEntries(Object.keys(MARTS).map((mart) => [mart, HASH]));
function compared(
  hop: HopName,
  found = counted,
  findings: string[] = [],
  content_hashes?: Record<string, string>,
) {
  const parts = content_hashes ? { content_hashes } : {};
  const records = findings.length > 0 ? NAMED : [];
  return compareHop(hop, { ...counted, ...parts }, { ...found, ...parts }, { sentences: findings, records });
}

const { HistoryEvent } = proto.temporal.api.history.v1;
const { EventType } = proto.temporal.api.enums.v1;

type Event = proto.temporal.api.history.v1.IHistoryEvent;

/** What an event carries: the input or the result of an activity, of `keepStep` by step, else what it is. */
function namesOf(events: readonly Event[]): Map<Event, string> {
  const scheduled = new Map<string, string>();
  let kept = 0;
  return new Map(
    events.map((event) => {
      const activity = event.activityTaskScheduledEventAttributes?.activityType?.name;
      const name = activity === 'keepStep' ? `keepStep ${STEPS[kept++]}` : activity;
      if (name) scheduled.set(String(event.eventId), name);
      const done = event.activityTaskCompletedEventAttributes?.scheduledEventId;
      if (name) return [event, `input of ${name}`];
      if (done) return [event, `result of ${scheduled.get(String(done))}`];
      return [event, EventType[event.eventType ?? 0]?.replace('EVENT_TYPE_', '') ?? ''];
    }),
  );
}

/** Of each kind of event the largest, in bytes as they were encoded. */
function largestOf(history: proto.temporal.api.history.v1.IHistory): Record<string, number> {
  const sizes: Record<string, number> = {};
  for (const [event, name] of namesOf(history.events ?? [])) {
    sizes[name] = Math.max(sizes[name] ?? 0, HistoryEvent.encode(event).finish().length);
  }
  return sizes;
}

const tooLarge = (sizes: Record<string, number>) =>
  Object.entries(sizes).filter(([, bytes]) => bytes >= LARGEST);

const withWorkers = temporalForTests();
const given = (shards: number) => ({
  ...{ ...input, events: EVENTS, shards, requested_by: 'x'.repeat(200) },
  airflow: { dag_id: 'd'.repeat(250), run_id: 'r'.repeat(250), task_id: 't'.repeat(250), try_number: 1 },
});

/** The sizes of a window in so many shards that completes, and of the same when it is played again from its last step. */
async function sizesIn(shards: number): Promise<Record<string, number>> {
  const store = memoryStore();
  return withWorkers(largeSteps({}, store), async (client) => {
    const sizes: Record<string, number> = {};
    const order = { by: 'y'.repeat(200), why: 'w'.repeat(500) };
    for (const again of [{}, { from_step: 'publish_serving', replay: order }]) {
      const handle = await start(client, { ...given(shards), ...again });
      expect(await handle.result()).toMatchObject({ reconciled: true, counts: { arrived: EVENTS } });
      for (const [name, bytes] of Object.entries(largestOf(await handle.fetchHistory())))
        sizes[name] = Math.max(sizes[name] ?? 0, bytes);
    }
    return sizes;
  });
}

describe('a window of ten million events', () => {
  it('has no event above 64 KB, in as many shards as it would take and in as many as there may be', async () => {
    const [few, usual, most] = [4, 64, 1_024];
    const [inFew, inUsual] = [await sizesIn(few), await sizesIn(usual)];
    expect(Object.keys(inUsual)).toEqual(
      expect.arrayContaining([
        'input of ingestWindow',
        'input of keepStep publish',
        'result of publishShard',
        'result of recallSteps',
        'input of findGone',
        'UPSERT_WORKFLOW_SEARCH_ATTRIBUTES',
        'WORKFLOW_PROPERTIES_MODIFIED',
      ]),
    );
    expect(tooLarge(inUsual)).toEqual([]);
    // What grows with the shards grows by as much for each. A window of 1,024 takes a test server twenty seconds.
    const inMost = Object.entries(inUsual).map(([name, bytes]) => {
      const each = (bytes - (inFew[name] ?? bytes)) / (usual - few);
      return [name, bytes + Math.ceil(Math.max(0, each)) * (most - usual)] as const;
    });
    expect(inMost.filter(([, bytes]) => bytes > 10_000).map(([name]) => name)).toContain(
      'input of ingestWindow',
    );
    expect(tooLarge(Object.fromEntries(inMost))).toEqual([]);
  });

  it('that lacks everything everywhere says so in no more', async () => {
    const ids = 'and many more';
    const findings = ['lost', 'repeated', 'others'].map((what) => `10000000 records are ${what}: ${ids}.`);
    const hops = HopName.options.slice(0, 6).map((hop) => compared(hop, nothing, findings));
    const steps = largeSteps({
      reconcileWindow: async () => {
        const message = hops.flatMap(({ differences }) => differences).join(' ');
        throw toActivityFailure(new ClientError('DataQualityFailed', message, { details: { hops } }));
      },
    });
    const history = await withWorkers(steps, async (client) => {
      const handle = await start(client, given(64));
      expect(await failureOf(handle.result())).toBeInstanceOf(ApplicationFailure);
      return handle.fetchHistory();
    });
    expect(tooLarge(largestOf(history))).toEqual([]);
    // And not because it was cut.
    expect(steps.reports.at(-1)?.hops).toEqual(hops);
  });
});
