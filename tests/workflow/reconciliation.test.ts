import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { HopName, WindowReport } from '../../contracts/report.ts';
import { balanced, fakeSteps, TABLES } from './fake-steps.ts';
import { failureOf, start, STEPS_BEFORE_COMPACT, temporalForTests } from './harness.ts';

const withWorkers = temporalForTests();

describe('a window that does not reconcile', () => {
  it('stops there, says so, and touches nothing after it', async () => {
    const hop = { ...balanced('raw'), matches: false, differences: ['raw holds 99 records.'] };
    const steps = fakeSteps({
      reconcileWindow: async () => {
        throw ApplicationFailure.create({
          type: 'DataQualityFailed',
          message: 'raw holds 99 records.',
          nonRetryable: true,
          details: [{ hops: [hop] }, { attempt: 1 }],
        });
      },
    });
    await withWorkers(steps, async (client) => {
      const handle = await start(client);
      const failure = await failureOf(handle.result());
      expect(failure).toMatchObject({ type: 'DataQualityFailed', nonRetryable: true });
      expect(failure.message).toBe('reconcile: raw holds 99 records.');
      const { searchAttributes } = await handle.describe();
      expect(searchAttributes).toMatchObject({ RepriseState: ['failed'], RepriseStep: ['reconcile'] });
    });
    expect(steps.calls).toEqual(STEPS_BEFORE_COMPACT);
    const report = WindowReport.parse(steps.reports.at(-1));
    expect(report).toMatchObject({
      state: 'failed',
      reconciled: false,
      hops: [hop],
      failure: { step: 'reconcile', type: 'DataQualityFailed' },
      counts: { arrived: 100, valid: 90, quarantined: 7, duplicates: 3 },
    });
    expect(report.steps.map(({ state }) => state)).toEqual([
      ...['completed', 'completed', 'completed', 'failed'],
      ...['skipped', 'skipped', 'skipped', 'skipped'],
    ]);
  });

  it('is held against its ledger once more when compaction met other rows than were reconciled', async () => {
    const hop = { ...balanced('raw'), matches: false, differences: ['raw holds 99 records.'] };
    const asked: string[] = [];
    const other = { metadata_location: 's3://bucket/other.metadata.json', snapshot_id: '2' };
    const { reconcileWindow } = fakeSteps().queues.control;
    const { compactWindow } = fakeSteps().queues.spark;
    const steps = fakeSteps({
      reconcileWindow: async ({ tables }) => {
        asked.push(tables.raw.snapshot_id);
        if (tables.raw.snapshot_id === '1') return (await reconcileWindow?.()) as never;
        throw ApplicationFailure.create({
          ...{ type: 'DataQualityFailed', message: 'raw holds 99 records.', nonRetryable: true },
          details: [{ hops: [hop] }, { attempt: 1 }],
        });
      },
    });
    steps.queues.spark.compactWindow = async (...given) => ({
      ...((await compactWindow?.(...given)) as object),
      ...{ content_hash_before: '0000000000000001', tables: { ...TABLES, raw: other } },
    });
    await withWorkers(steps, async (client) => {
      const failure = await failureOf((await start(client)).result());
      expect(failure).toMatchObject({ type: 'DataQualityFailed', message: 'compact: raw holds 99 records.' });
    });
    expect(asked).toEqual(['1', '2']);
    expect(steps.reports.at(-1)).toMatchObject({
      reconciled: false,
      hops: [hop],
      failure: { step: 'compact' },
    });
    expect(steps.calls).not.toContain('loadWindow');
  });

  it('does not build what the warehouse has not received whole', async () => {
    const steps = fakeSteps({
      loadWindow: async () => ({
        rows: { events: 89 },
        content_hash: '0000000000000098',
        affected_dates: [],
        attempt: 1,
      }),
    });
    await withWorkers(steps, async (client) => {
      const failure = await failureOf((await start(client)).result());
      expect(failure).toMatchObject({ type: 'DataQualityFailed', nonRetryable: true });
      expect(failure.message).toContain('warehouse holds 89 records');
    });
    expect(steps.calls).not.toContain('buildWindow');
    expect(steps.reports.at(-1)?.hops.at(-1)).toMatchObject({ hop: 'warehouse', matches: false });
  });

  it('does not build what the warehouse has received as something else', async () => {
    const by_type = { track_played: 89, track_skipped: 1 };
    const { loadWindow } = fakeSteps().queues.warehouse;
    const steps = fakeSteps();
    steps.queues.warehouse.loadWindow = async () => ({ ...((await loadWindow?.()) as object), by_type });
    await withWorkers(steps, async (client) => {
      const failure = await failureOf((await start(client)).result());
      expect(failure.message).toContain('warehouse holds 1 record of track_skipped, the ledger expects 0');
    });
    expect(steps.calls).not.toContain('buildWindow');
  });

  it.each([
    ['loadWindow', 'load', 'warehouse'],
    ['buildWindow', 'build', 'marts'],
  ] as const)('names in its report the records that %s has missed', async (activity, step, name) => {
    const records = [{ finding: 'missing' as const, type: 'track_played', event_id: 'one' }];
    const differences = [`Missing in ${name}: one (track_played).`];
    const hop = { ...balanced(name), matches: false, differences, records };
    const steps = fakeSteps({
      [activity]: async () => {
        throw ApplicationFailure.create({
          ...{ type: 'DataQualityFailed', message: differences[0] ?? '', nonRetryable: true },
          details: [{ hops: [hop] }, { attempt: 1 }],
        });
      },
    });
    await withWorkers(steps, async (client) => {
      const failure = await failureOf((await start(client)).result());
      expect(failure.message).toBe(`${step}: Missing in ${name}: one (track_played).`);
      expect(failure.details?.[0]).toEqual({ hops: [hop] });
    });
    const report = WindowReport.parse(steps.reports.at(-1));
    expect(report.hops.at(-1)).toEqual(hop);
    expect(report).toMatchObject({ state: 'failed', reconciled: false, failure: { step } });
    expect(steps.calls).not.toContain('publishServing');
  });

  it('names the hop at which its publication differs, after those before it', async () => {
    const hop = { ...balanced('serving'), matches: false, differences: ['serving holds 3 records.'] };
    const steps = fakeSteps({
      publishServing: async () => {
        throw ApplicationFailure.create({
          ...{ type: 'DataQualityFailed', message: 'serving holds 3 records.', nonRetryable: true },
          details: [{ hops: [hop] }, { attempt: 1 }],
        });
      },
    });
    await withWorkers(steps, async (client) => {
      const failure = await failureOf((await start(client)).result());
      expect(failure.message).toBe('publish_serving: serving holds 3 records.');
    });
    const report = steps.reports.at(-1);
    expect(report?.hops.map((one) => one.hop)).toEqual(HopName.options);
    expect(report).toMatchObject({ state: 'failed', reconciled: false, serving_version: null });
  });
});

describe('a window that fails after its reconciliation', () => {
  it('is not reported as reconciled', async () => {
    const steps = fakeSteps({
      buildWindow: async () => {
        throw ApplicationFailure.nonRetryable('a test failed', 'DataQualityFailed');
      },
    });
    await withWorkers(steps, async (client) => {
      await failureOf((await start(client)).result());
    });
    const report = steps.reports.at(-1);
    expect(report?.hops.every(({ matches }) => matches)).toBe(true);
    expect(report).toMatchObject({ state: 'failed', reconciled: false });
    expect(steps.reports.filter(({ reconciled }) => reconciled)).toEqual([]);
  });
});

describe('results of workers of an earlier version', () => {
  it('take the window to its end, but nobody has compared what is served', async () => {
    const steps = fakeSteps();
    const { loadWindow, buildWindow, publishServing } = steps.queues.warehouse;
    steps.queues.warehouse.buildWindow = async () => ({
      ...((await buildWindow?.()) as object),
      hops: undefined,
    });
    steps.queues.warehouse.loadWindow = async () => ({
      ...((await loadWindow?.()) as object),
      by_type: undefined,
    });
    steps.queues.warehouse.publishServing = async () => ({
      ...((await publishServing?.()) as object),
      warehouse_marts: undefined,
    });
    await withWorkers(steps, async (client) => {
      expect(await (await start(client)).result()).toMatchObject({
        reconciled: false,
        serving_version: 'v1',
      });
    });
    const report = steps.reports.at(-1);
    expect(report).toMatchObject({ state: 'completed', reconciled: false });
    expect(report?.hops.at(-1)).toMatchObject({ hop: 'warehouse', matches: true });
  });
});
