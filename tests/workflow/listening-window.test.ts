import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { HopName, WindowReport } from '../../contracts/report.ts';
import type { WindowRequest } from '../../contracts/steps.ts';
import { PROGRESS_QUERY } from '../../contracts/task-queues.ts';
import { fakeSteps } from './fake-steps.ts';
import { failureOf, input, start, STEPS_BEFORE_COMPACT, temporalForTests } from './harness.ts';

const withWorkers = temporalForTests();

describe('a cancelled window', () => {
  it('ends its step, is reported as cancelled, and goes no further', async () => {
    let ended = false;
    const steps = fakeSteps({
      ingestWindow: async () => {
        const { cancellationSignal, heartbeat } = Context.current();
        while (!cancellationSignal.aborted) {
          heartbeat();
          await sleep(50);
        }
        ended = true;
        throw cancellationSignal.reason;
      },
    });
    await withWorkers(steps, async (client) => {
      const handle = await start(client);
      while (!steps.calls.includes('ingestWindow')) await sleep(50);
      await handle.cancel();
      const error = await failureOf(handle.result());
      expect(error.name).toBe('CancelledFailure');
      expect((await handle.describe()).status.name).toBe('CANCELLED');
    });
    expect(ended).toBe(true);
    expect(steps.calls).not.toContain('reconcileWindow');
    const report = steps.reports.at(-1);
    expect(report).toMatchObject({ state: 'cancelled', failure: null });
    expect(report?.steps[2]).toMatchObject({ step: 'ingest', state: 'cancelled' });
  });
});

describe('a window that is asked for', () => {
  it.each([
    [input, 'flat'],
    [{ ...input, volume_shape: 'diurnal' }, 'diurnal'],
  ])('%j is generated in the shape %s', async (given, shape) => {
    const shapes: unknown[] = [];
    const steps = fakeSteps();
    const { generateShard } = steps.queues.publish;
    steps.queues.publish.generateShard = async (...args) => {
      shapes.push((args as unknown as [{ request: WindowRequest }])[0].request.volume_shape);
      return generateShard?.(...args);
    };
    await withWorkers(steps, async (client) => (await start(client, given)).result());
    expect(shapes).toEqual([shape, shape]);
    expect(steps.reports.at(-1)).toMatchObject({ volume_shape: shape, events_requested: input.events });
  });
});

describe('a step that fails', () => {
  it('is tried again, and the report counts the attempts', async () => {
    const steps = fakeSteps();
    const { publishShard } = steps.queues.publish;
    steps.queues.publish.publishShard = async (...args) => {
      if (Context.current().info.attempt === 1) {
        throw ApplicationFailure.retryable('the broker went away', 'Unavailable');
      }
      return publishShard?.(...args);
    };
    await withWorkers(steps, async (client) => {
      const result = await (await start(client)).result();
      expect(result).toMatchObject({ reconciled: true });
    });
    expect(steps.reports.at(-1)?.steps[1]).toMatchObject({
      step: 'publish',
      state: 'completed',
      attempts: 2,
    });
  });

  it('takes the other shards with it, and waits until they have ended', async () => {
    let ended = 0;
    const steps = fakeSteps({
      publishShard: async ({ shard }) => {
        if (shard.shard === 0) throw ApplicationFailure.nonRetryable('not allowed', 'AccessDenied');
        const { cancellationSignal, heartbeat } = Context.current();
        while (!cancellationSignal.aborted) {
          heartbeat();
          await sleep(50);
        }
        ended += 1;
        throw cancellationSignal.reason;
      },
    });
    await withWorkers(steps, async (client) => {
      const failure = await failureOf((await start(client)).result());
      expect(failure).toMatchObject({ type: 'AccessDenied', message: 'publish: not allowed' });
    });
    expect(ended).toBe(1);
    expect(steps.reports.at(-1)?.failure).toMatchObject({ step: 'publish', type: 'AccessDenied' });
  });

  it('is what the window failed with, also when no report can be written any more', async () => {
    const denied = (): never => {
      throw ApplicationFailure.nonRetryable('the key is an old one', 'AccessDenied');
    };
    let isDenied = false;
    const steps = fakeSteps({
      ingestWindow: async () => {
        isDenied = true;
        throw ApplicationFailure.nonRetryable('the bucket is closed', 'AccessDenied');
      },
      recordReport: async () => (isDenied ? denied() : undefined),
    });
    await withWorkers(steps, async (client) => {
      const failure = await failureOf((await start(client)).result());
      expect(failure).toMatchObject({ type: 'AccessDenied', message: 'ingest: the bucket is closed' });
    });
  });

  it('does not matter when it is only a report in between', async () => {
    let recorded = 0;
    const steps = fakeSteps({
      recordReport: async () => {
        recorded += 1;
        if (recorded === 1) throw ApplicationFailure.nonRetryable('no room', 'AccessDenied');
      },
    });
    await withWorkers(steps, async (client) => {
      expect(await (await start(client)).result()).toMatchObject({ reconciled: true });
    });
    expect(recorded).toBeGreaterThan(1);
  });
});

describe('input that is none', () => {
  it('fails the workflow and not only its task', async () => {
    const steps = fakeSteps();
    await withWorkers(steps, async (client) => {
      const failure = await failureOf(
        (await start(client, { ...input, window: '2026-01-05T08:30Z' })).result(),
      );
      expect(failure).toMatchObject({ type: 'InvalidInput', nonRetryable: true });
      expect(failure.message).toContain('full hour');
    });
    expect(steps.calls).toEqual([]);
  });
});

describe('a window in which all goes well', () => {
  it('runs its steps in order, can be found and asked, and leaves its report', async () => {
    const steps = fakeSteps();
    const airflow = { dag_id: 'listening_window', run_id: 'r', task_id: 't', try_number: 1 };
    await withWorkers(steps, async (client) => {
      const handle = await start(client, { ...input, airflow });
      const result = await handle.result();
      expect(result).toEqual({
        window: input.window,
        reconciled: true,
        counts: { arrived: 100, valid: 90, quarantined: 7, duplicates: 3 },
        serving_version: 'v1',
        report_key: 'reports/window=2026-01-05T08-00Z/report.json',
      });
      const { searchAttributes, memo } = await handle.describe();
      expect(searchAttributes).toMatchObject({
        RepriseWindow: [new Date('2026-01-05T08:00:00Z')],
        RepriseState: ['completed'],
        RepriseSource: ['synthetic'],
        RepriseArrived: [100],
        RepriseDuplicates: [3],
      });
      expect(memo).toMatchObject({ airflow, requested_by: 'a test' });
      expect(await handle.query(PROGRESS_QUERY)).toMatchObject({ state: 'completed', step: null });
    });
    expect(steps.calls).toEqual([
      ...STEPS_BEFORE_COMPACT,
      ...['compactWindow', 'loadWindow', 'buildWindow', 'publishServing'],
    ]);
    const report = WindowReport.parse(steps.reports.at(-1));
    expect(report).toMatchObject({
      state: 'completed',
      reconciled: true,
      serving_version: 'v1',
      failure: null,
    });
    expect(report.hops.map(({ hop }) => hop)).toEqual(HopName.options);
    expect(report.hops.slice(-3)).toMatchObject([
      { hop: 'warehouse', observed: { total: 90, by: { track_played: 90 } } },
      { hop: 'marts', matches: true },
      { hop: 'serving', observed: { total: 4, content_hash: null, by: { sessions: 4 } } },
    ]);
    for (const step of report.steps) expect(step).toMatchObject({ state: 'completed', attempts: 1 });
    expect(steps.reports[0]).toMatchObject({ state: 'running' });
  });
});
