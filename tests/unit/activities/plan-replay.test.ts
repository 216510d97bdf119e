import { beforeEach, describe, expect, test } from 'vitest';
import type { KeptInWarehouse, WarehouseLook } from '../../../activities/kept-warehouse.ts';
import { planReplay } from '../../../activities/plan-replay.ts';
import type { StepResults } from '../../../contracts/kept-steps.ts';
import { keys } from '../../../contracts/lake.ts';
import { PlannedWindow } from '../../../contracts/replay-plan.ts';
import type { WindowReport } from '../../../contracts/report.ts';
import { type StepName, STEPS, type WindowRequest } from '../../../contracts/steps.ts';
import { memoryStore } from '../../workflow/memory-store.ts';
import { sampleReport } from '../cli/sample-report.ts';

const window = '2026-01-05T08:00Z';
const request: WindowRequest = { window, events: 10, seed: 1, shards: 1, volume_shape: 'flat' };
const defaults = { events: 20_000, seed: 1, shards: 2, volume_shape: 'diurnal' } as const;
const now = (): number => Date.parse('2026-03-01T00:00:00Z');
const HASH = '00000000000000ff';
const set = { total: 0, content_hash: HASH };
const account = {
  ...{ arrived: set, valid: { ...set, by_type: {} }, quarantined: { ...set, by_reason: {} } },
  duplicates: set,
};
const version = { metadata_location: 's3://bucket/m.json', snapshot_id: '1' };
const tables = { raw: version, events: version, quarantine: version, minute_counts: version };

const RESULTS: StepResults = {
  generate: {
    ...{ landed: set, ledger_key: 'ledger', catalogue_key: 'catalogue' },
    ledger: {
      ...{ ...account, window, seed: 1, events_requested: 10, shards: 1 },
      ...{ late: 0, out_of_order: 0, planted: {} },
    },
  },
  publish: { digests: ['d'] },
  ingest: { account, tables },
  reconcile: { hops: [] },
  compact: { tables },
  load: { rows: { events: 1 }, content_hash: HASH, affected_dates: ['2026-01-04', '2026-01-05'] },
  build: { models: 1, tests: 1, seconds: 1, resumed: false, hops: [] },
  publish_serving: { version: 'v', file: 'f', bytes: 1, marts: {} },
};

describe('the plan of a replay', () => {
  let store: ReturnType<typeof memoryStore>;
  beforeEach(() => {
    store = memoryStore();
  });

  const reported = (changes: Partial<WindowReport> = {}): Promise<void> =>
    store.putJson(keys.report(window), { ...sampleReport(), shards: 1, ...changes });

  /** The steps up to and with this one are kept, and their outputs are there. */
  async function keptUpTo(last: StepName, of: WindowRequest = request): Promise<void> {
    await store.putJson('m.json', { list: 's3://bucket/snap-1-a.avro' });
    const outputs = [keys.shard(window, 0), keys.shardLedger(window, 0), keys.receipt(window, 0, 'd')];
    for (const key of ['snap-1-a.avro', 'catalogue', ...outputs]) await store.putJson(key, {});
    for (const [index, step] of STEPS.entries()) {
      if (index > STEPS.indexOf(last)) return;
      const kept = {
        ...{ version: 1, step, request: of, workflow: { workflow_id: 'w', run_id: 'r' } },
        ...{ completed_at: `2026-02-01T00:00:0${index}.000Z`, result: RESULTS[step] },
      };
      await store.putJson(keys.keptStep(window, step), kept);
    }
  }

  async function planned(changes: object = {}, isRunning?: () => Promise<boolean>): Promise<PlannedWindow> {
    const deps = { store, defaults, now, ...(isRunning ? { isRunning } : {}) };
    const [plan] = await planReplay(deps, { from: window, to: window, ...changes });
    return PlannedWindow.parse(plan);
  }

  test('a window that came through is played from the beginning, with its own request', async () => {
    await reported();
    expect(await planned()).toMatchObject({ plays: true, from_step: 'generate', request, refused: null });
    expect(await planned({ failed: true })).toMatchObject({ plays: false, why: 'it came through' });
  });

  test('a failed one begins at the first step whose result does not stand', async () => {
    await reported({
      ...{ state: 'failed', reconciled: false, hops: [] },
      failure: { step: 'ingest', type: 'Unavailable', message: 'no broker' },
    });
    await keptUpTo('publish');
    expect(await planned({ failed: true })).toMatchObject({
      ...{ plays: true, why: 'it failed at ingest: Unavailable', from_step: 'ingest' },
      because: 'no result is kept of it',
    });
  });

  test('one that does not reconcile begins at the step that fills the hop at fault', async () => {
    const [hop] = sampleReport().hops;
    await reported({
      ...{ state: 'failed', reconciled: false, hops: [{ ...hop, matches: false } as never] },
      failure: { step: 'reconcile', type: 'DataQualityFailed', message: 'lost' },
    });
    await keptUpTo('ingest');
    expect(await planned({ failed: true })).toMatchObject({
      ...{ from_step: 'ingest', because: 'raw does not hold what it should' },
    });
  });

  test('a window that never ran is one of the failed, and takes what the schedule asks for', async () => {
    expect(await planned({ failed: true })).toMatchObject({
      ...{ state: 'missing', plays: true, why: 'it never ran', request: { window, ...defaults } },
    });
    expect(await planned()).toMatchObject({ plays: false, why: 'it never ran' });
  });

  test('one whose workflow was ended from outside has failed, one that runs has not', async () => {
    await reported({ state: 'running', reconciled: false, hops: [] });
    expect(await planned({ failed: true }, () => Promise.resolve(true))).toMatchObject({ plays: false });
    expect(await planned({ failed: true }, () => Promise.resolve(false))).toMatchObject({
      ...{ plays: true, why: 'its run was ended from outside' },
    });
  });

  test('a step that is named is refused with the one to begin at', async () => {
    await reported();
    await keptUpTo('ingest');
    const { refused } = await planned({ from_step: 'load' });
    expect(refused).toContain('reconcile: no result is kept of it; the first step to begin at is reconcile');
    expect(await planned({ from_step: 'reconcile' })).toMatchObject({ refused: null });
  });

  test.each<[string, StepName, string]>([
    ['snap-1-a.avro', 'load', 'compact'],
    ['snap-1-a.avro', 'reconcile', 'ingest'],
    [keys.shard(window, 0), 'publish', 'generate'],
    ['catalogue', 'ingest', 'generate'],
    [keys.receipt(window, 0, 'd'), 'ingest', 'publish'],
  ])('without %s it cannot begin at %s, but at %s', async (key, from_step, instead) => {
    await reported();
    await keptUpTo('publish_serving');
    expect(await planned({ from_step })).toMatchObject({ refused: null, days: ['2026-01-04', '2026-01-05'] });
    store.objects.delete(key);
    const { refused } = await planned({ from_step });
    expect(refused).toContain(`the first step to begin at is ${instead}`);
  });

  test('a step whose output the warehouse lost runs again, and the plan says so', async () => {
    await reported();
    await keptUpTo('publish_serving');
    const looked: KeptInWarehouse[] = [];
    const plan = async (from_step: StepName, found: Awaited<ReturnType<WarehouseLook>>) => {
      const look: WarehouseLook = async (kept) => {
        looked.push(kept);
        return found;
      };
      return (await planReplay({ store, defaults, now, look }, { from: window, to: window, from_step }))[0];
    };
    const gone = { step: 'load', why: 'warehouse holds 0 records' } as const;
    expect(await plan('build', undefined)).toMatchObject({ from_step: 'build', because: 'as asked' });
    expect(await plan('publish_serving', gone)).toMatchObject({
      ...{ plays: true, from_step: 'load', refused: null },
      because: 'as asked, but load has to run again: warehouse holds 0 records',
    });
    expect(looked).toMatchObject([
      { window, load: RESULTS.load },
      { window, load: RESULTS.load, build: RESULTS.build },
    ]);
    expect((await plan('build', 'busy'))?.because).toContain('the run looks');
    expect(await plan('load', gone)).toMatchObject({ from_step: 'load' });
    expect(looked).toHaveLength(3);
    store.objects.delete('snap-1-a.avro');
    expect(await plan('build', gone)).toMatchObject({ from_step: 'compact', refused: null });
  });

  test('what is kept of another request, or is older than what it rests on, does not stand', async () => {
    await reported();
    await keptUpTo('publish_serving', { ...request, seed: 2 });
    expect((await planned({ from_step: 'load' })).refused).toContain('of another request (10 events, seed 2');
    await keptUpTo('publish_serving');
    const ingest = JSON.parse(store.objects.get(keys.keptStep(window, 'ingest')) ?? '') as object;
    await store.putJson(keys.keptStep(window, 'ingest'), {
      ...ingest,
      completed_at: '2026-02-02T00:00:00.000Z',
    });
    expect((await planned({ from_step: 'load' })).refused).toContain(
      'reconcile: its result is older than that of ingest',
    );
  });

  test('a report of an earlier version does not say the shards: its ledger does', async () => {
    await reported({ shards: undefined });
    expect((await planned()).refused).toContain('in how many shards');
    await store.putJson(keys.ledger(window), RESULTS.generate.ledger);
    expect(await planned()).toMatchObject({ request: { shards: 1 }, refused: null });
  });

  test('windows that have not ended are left out, and the range is bounded', async () => {
    const deps = { store, defaults, now: () => Date.parse('2026-01-05T09:30:00Z') };
    const plans = await planReplay(deps, { from: window, to: '2026-01-05T12:00Z' });
    expect(plans.map((plan) => plan.window)).toEqual([window]);
    await expect(planReplay(deps, { from: window, to: '2027-01-07T12:00Z' })).rejects.toThrow(
      'cut the range',
    );
    await expect(planReplay(deps, { from: window, to: '2026-01-05T07:00Z' })).rejects.toThrow(
      'before the first',
    );
  });
});
