import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { type Client, WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../config/config.ts';
import { venvProgram } from '../../config/paths.ts';
import { HopName, WindowReport } from '../../contracts/report.ts';
import type { ListeningWindowInput } from '../../contracts/steps.ts';
import {
  type Capability,
  LISTENING_WINDOW_WORKFLOW,
  PROGRESS_QUERY,
  SEARCH_ATTRIBUTES,
  TASK_QUEUES,
} from '../../contracts/task-queues.ts';
import { windowWorkflowId } from '../../contracts/window.ts';
import { workflowBundle } from '../../workers/bundle.ts';
import { balanced, fakeSteps } from './fake-steps.ts';

const { paths } = loadConfig();
const input: ListeningWindowInput = {
  window: '2026-01-05T08:00Z',
  events: 100,
  seed: 1,
  shards: 2,
  requested_by: 'a test',
};
const STEPS_BEFORE_COMPACT = [
  ...['generateShard', 'generateShard', 'finishGeneration', 'publishShard', 'publishShard'],
  ...['ingestWindow', 'forwardDeadLetters', 'reconcileWindow'],
];

let environment: TestWorkflowEnvironment;
let codePath: string;

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const path = venvProgram(paths, 'servers', 'temporal');
  environment = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path },
      extraArgs: Object.entries(SEARCH_ATTRIBUTES).flatMap(([name, type]) => [
        '--search-attribute',
        `${name}=${type}`,
      ]),
    },
  });
  codePath = await workflowBundle(paths);
});
afterAll(() => environment?.teardown());

/** Runs `work` while one worker serves each queue with the given steps. */
async function withWorkers<T>(
  steps: ReturnType<typeof fakeSteps>,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const workers = await Promise.all(
    (Object.keys(TASK_QUEUES) as Capability[]).map((capability) =>
      Worker.create({
        connection: environment.nativeConnection,
        taskQueue: TASK_QUEUES[capability],
        activities: steps.queues[capability],
        maxHeartbeatThrottleInterval: '100 milliseconds',
        defaultHeartbeatThrottleInterval: '100 milliseconds',
        ...(capability === 'control' ? { workflowBundle: { codePath } } : {}),
      }),
    ),
  );
  const running = workers.map((worker) => worker.run());
  try {
    return await work(environment.client);
  } finally {
    for (const worker of workers) worker.shutdown();
    await Promise.all(running);
  }
}

const start = (client: Client, given: unknown = input) =>
  client.workflow.start(LISTENING_WINDOW_WORKFLOW, {
    taskQueue: TASK_QUEUES.control,
    workflowId: windowWorkflowId(input.window),
    args: [given],
  });

async function failureOf(running: Promise<unknown>): Promise<ApplicationFailure> {
  const error = await running.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(WorkflowFailedError);
  return (error as WorkflowFailedError).cause as ApplicationFailure;
}

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
    const { loadWindow, publishServing } = steps.queues.warehouse;
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
    expect(report.hops.slice(-2)).toMatchObject([
      { hop: 'warehouse', observed: { total: 90, by: { track_played: 90 } } },
      { hop: 'serving', observed: { total: 4, content_hash: null, by: { sessions: 4 } } },
    ]);
    for (const step of report.steps) expect(step).toMatchObject({ state: 'completed', attempts: 1 });
    expect(steps.reports[0]).toMatchObject({ state: 'running' });
  });
});
