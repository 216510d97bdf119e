import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Ledger } from '../../contracts/ledger.ts';
import { ReplayRecord } from '../../contracts/replay.ts';
import { HopName, WindowReport } from '../../contracts/report.ts';
import { STEPS } from '../../contracts/steps.ts';
import type { WindowId } from '../../contracts/window.ts';
import { ownedProcesses } from '../../infra/supervisor/owned-processes.ts';
import { END_TO_END_INSTANCE } from '../runner/isolation.ts';
import { Installation } from '../installation.ts';
import { AirflowApi } from './airflow-api.ts';
import { Visitor } from './browser.ts';
import { failedWindowsPlayedAgain } from './failed-windows.ts';
import { listeners } from './leftovers.ts';
import { recordsThatArrive } from './live-hour.ts';
import { seeAirflowGrid, seeOverview, seePipeline, seeTemporal } from './pages.ts';

const FIRST: WindowId = '2026-01-05T08:00Z';
const SECOND: WindowId = '2026-01-05T09:00Z';
const EVENTS = 3000;
const SEED = 7;
/** Many times what a window takes on a machine that does nothing else. */
const WINDOW_LIMIT_MS = 900_000;

const Replays = z.object({ replays: z.array(ReplayRecord) });
const Generated = z.object({ windows: z.tuple([z.object({ ledger: Ledger })]) });

/**
 * What is true of a window whenever and however often it runs: everything but times, runs, addresses, and what the marts
 * hold of other windows.
 */
const lastingPart = ({
  window,
  state,
  reconciled,
  counts,
  valid_by_type,
  quarantined_by_reason,
  hops,
}: WindowReport) => ({
  window,
  state,
  reconciled,
  counts,
  valid_by_type,
  quarantined_by_reason,
  hops: hops.filter(({ hop }) => hop !== 'marts' && hop !== 'serving'),
});

describe('the whole stack', () => {
  let stack: Installation;

  const report = async (window: WindowId): Promise<WindowReport> => {
    const { exitCode, stdout, stderr } = await stack.reprise('report', window, '--json');
    expect(exitCode, stderr).toBe(0);
    return WindowReport.parse(JSON.parse(stdout));
  };

  /** The newest first. */
  const replays = async (window: WindowId): Promise<ReplayRecord[]> =>
    Replays.parse(JSON.parse(await stack.repriseOrThrow('report', window, '--json'))).replays;

  beforeAll(async () => {
    // A scheduled window may fall due while the tests run; it must be small.
    stack = await Installation.fresh(END_TO_END_INSTANCE, { REPRISE_EVENTS_PER_WINDOW: '500' });
    await stack.repriseOrThrow('up');
  });

  afterAll(async () => {
    await stack.reprise('down');
  });

  test('a window that never ran has no report, said in one line', async () => {
    const { exitCode, stderr } = await stack.reprise('report', '2020-02-02T02:00Z');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('2020-02-02T02:00Z');
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test('a window name that is none is refused with what one looks like', async () => {
    const { exitCode, stderr } = await stack.reprise('run', '--start', '2026-01-05T08:17Z');
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain('full hour');
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test(
    'Airflow runs a window to its end',
    async () => {
      const { exitCode, stdout, stderr } = await stack.reprise(
        ...['run', '--start', FIRST, '--windows', '1'],
        ...['--events', String(EVENTS), '--seed', String(SEED)],
      );
      expect(exitCode, `${stderr}\n${stdout}`).toBe(0);
    },
    WINDOW_LIMIT_MS,
  );

  test('its report reconciles at every hop, and every step is done', async () => {
    const found = await report(FIRST);
    expect(found).toMatchObject({ window: FIRST, state: 'completed', reconciled: true, failure: null });
    expect(found.hops.map((hop) => hop.hop)).toEqual(HopName.options);
    expect(found.hops.filter((hop) => !hop.matches)).toEqual([]);
    expect(found.steps.map(({ step, state }) => ({ step, state }))).toEqual(
      STEPS.map((step) => ({ step, state: 'completed' })),
    );
    expect(found.counts.arrived).toBe(EVENTS);
    expect(found.counts.valid + found.counts.quarantined + found.counts.duplicates).toBe(EVENTS);
    expect(found.counts.quarantined).toBeGreaterThan(0);
    expect(found.counts.duplicates).toBeGreaterThan(0);
    expect(found.airflow?.dag_id).toBe('listening_window');
  });

  test('what arrived is what the generator says it sent, to the byte', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'reprise-generate-'));
    try {
      const generated = await stack.repriseOrThrow(
        ...['generate', '--json', '--start', FIRST],
        ...['--events', String(EVENTS), '--seed', String(SEED), '--out', folder],
      );
      const { windows } = Generated.parse(JSON.parse(generated));
      const { ledger } = windows[0];
      const found = await report(FIRST);
      const hop = (name: HopName) => found.hops.find((one) => one.hop === name)?.observed;
      const { by_type: by, ...arrived } = ledger.arrived;
      expect(hop('kafka')).toMatchObject({ ...arrived, by });
      expect(hop('raw')).toMatchObject({ ...arrived, by });
      expect(hop('events')).toMatchObject({ total: ledger.valid.total, by: ledger.valid.by_type });
      expect(hop('quarantine')).toMatchObject({
        total: ledger.quarantined.total,
        by: ledger.quarantined.by_reason,
      });
      expect(hop('duplicates')).toMatchObject({ total: ledger.duplicates.total });
      expect(hop('warehouse')).toMatchObject({ total: ledger.valid.total, by: ledger.valid.by_type });
      expect(hop('serving')?.by.hourly_activity).toBeGreaterThan(0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test(
    'clearing the task in Airflow plays the window again, with the same result',
    async () => {
      const before = await report(FIRST);
      const airflow = await AirflowApi.login(stack.config);
      const runId = before.airflow?.run_id ?? '';
      await airflow.clear(runId);
      expect(await airflow.waitForEnd(runId, WINDOW_LIMIT_MS)).toMatchObject({ state: 'success' });
      const after = await report(FIRST);
      expect(after.workflow.workflow_id).toBe(before.workflow.workflow_id);
      expect(after.workflow.run_id).not.toBe(before.workflow.run_id);
      expect(after.serving_version).not.toBe(before.serving_version);
      expect(lastingPart(after)).toEqual(lastingPart(before));
      const { user } = stack.config.airflow.credentials();
      expect((await replays(FIRST))[0]?.order.by).toBe(
        `Airflow user ${user}, the task of ${runId} was cleared`,
      );
    },
    WINDOW_LIMIT_MS + 60_000,
  );

  test('a person finds the window on the dashboard, in Airflow and in Temporal', async () => {
    const found = await report(FIRST);
    const visitor = await Visitor.arrive(stack.config);
    try {
      expect(await seeOverview(visitor, stack.config)).toMatch(/skip rate/i);
      expect(await seePipeline(visitor, stack.config, FIRST)).toContain(FIRST);
      const run = await seeAirflowGrid(visitor, stack.config, found);
      expect(run).toContain(found.airflow?.run_id);
      expect(run).toMatch(/Data Interval Start\s+2026-01-05 08:00:00/);
      expect(await seeTemporal(visitor, stack.config, found)).toContain(found.workflow.workflow_id);
    } finally {
      await visitor.leave();
    }
  });

  test(
    'a second window leaves the first as it was',
    async () => {
      const before = await report(FIRST);
      await stack.repriseOrThrow('run', '--start', SECOND, '--events', '1000', '--seed', String(SEED));
      expect((await report(SECOND)).counts.arrived).toBe(1000);
      expect(lastingPart(await report(FIRST))).toEqual(lastingPart(before));
    },
    WINDOW_LIMIT_MS,
  );

  test(
    'from the command line a window is played again from a step: the same, on record, and Airflow shows it',
    async () => {
      const before = await report(FIRST);
      const plan = await stack.repriseOrThrow(
        'replay',
        '--window',
        FIRST,
        '--from-step',
        'load',
        '--dry-run',
      );
      expect(plan).toContain('kept        generate, publish, ingest, reconcile, compact');
      expect((await report(FIRST)).workflow).toEqual(before.workflow);
      await stack.repriseOrThrow('replay', '--window', FIRST, '--from-step', 'load', '--reason', 'a test');
      const after = await report(FIRST);
      expect(after.workflow.run_id).not.toBe(before.workflow.run_id);
      expect(after.airflow).toEqual(before.airflow);
      expect(lastingPart(after)).toEqual(lastingPart(before));
      expect(after.steps.map(({ state }) => state)).toEqual([
        ...['kept', 'kept', 'kept', 'kept', 'kept', 'completed', 'completed', 'completed'],
      ]);
      const [record] = await replays(FIRST);
      expect(record).toMatchObject({ order: { why: 'a test' }, from_step: 'load', identical: true });
      const airflow = await AirflowApi.login(stack.config);
      expect(await airflow.run(after.airflow?.run_id ?? '')).toMatchObject({ state: 'success' });
    },
    WINDOW_LIMIT_MS,
  );

  test(
    'from Airflow a range is played again, and nothing when none of it has failed',
    async () => {
      const before = [await report(FIRST), await report(SECOND)];
      const airflow = await AirflowApi.login(stack.config);
      const range = { from: FIRST, to: SECOND, reason: 'from Airflow' };
      for (const conf of [
        { ...range, failed: true },
        { ...range, failed: false, from_step: 'build' },
      ]) {
        const runId = await airflow.trigger('replay_windows', conf);
        const ended = await airflow.waitForEnd(runId, WINDOW_LIMIT_MS, 'replay_windows');
        expect(ended.state).toBe('success');
      }
      for (const [index, window] of [FIRST, SECOND].entries()) {
        const earlier = before[index] as WindowReport;
        const after = await report(window);
        expect(lastingPart(after)).toEqual(lastingPart(earlier));
        const [newest, older] = await replays(window);
        expect(newest).toMatchObject({ order: { why: 'from Airflow' }, from_step: 'build', identical: true });
        expect(newest?.order.by).toContain('Airflow user ');
        expect(older?.order.why).not.toBe('from Airflow');
        const shown = await airflow.waitForEnd(earlier.airflow?.run_id ?? '', WINDOW_LIMIT_MS);
        expect(shown.state).toBe('success');
      }
    },
    2 * WINDOW_LIMIT_MS,
  );

  test(
    'a backfill plays completed windows again',
    async () => {
      const before = await report(SECOND);
      const airflow = await AirflowApi.login(stack.config);
      await airflow.backfill(before.window_start, before.window_start, 'completed', WINDOW_LIMIT_MS);
      const after = await report(SECOND);
      expect(after.workflow.run_id).not.toBe(before.workflow.run_id);
      expect(lastingPart(after)).toEqual(lastingPart(before));
      const { user } = stack.config.airflow.credentials();
      expect((await replays(SECOND))[0]).toMatchObject({
        ...{ from_step: 'generate', identical: true },
        // It plays a run again that somebody else may have made: the audit log knows who has begun it.
        order: { by: `Airflow user ${user} (backfill)` },
      });
    },
    WINDOW_LIMIT_MS + 60_000,
  );

  failedWindowsPlayedAgain({
    stack: () => stack,
    ...{ report, replays, windows: [FIRST, SECOND], limitMs: WINDOW_LIMIT_MS },
  });

  recordsThatArrive({ stack: () => stack, report, limitMs: WINDOW_LIMIT_MS });

  test('down leaves nothing running and every port free', async () => {
    const { config } = stack;
    expect(await ownedProcesses(config.paths.instance)).not.toEqual([]);
    await stack.repriseOrThrow('down');
    expect(await ownedProcesses(config.paths.instance)).toEqual([]);
    expect(await listeners(config.ports)).toEqual([]);
  });
});
