import type { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { readReplays } from '../../activities/replays.ts';
import { keys } from '../../contracts/lake.ts';
import { HopName, type WindowReport } from '../../contracts/report.ts';
import type { StepName } from '../../contracts/steps.ts';
import { REPLAY_PLAN_WORKFLOW, TASK_QUEUES } from '../../contracts/task-queues.ts';
import { fakeSteps } from './fake-steps.ts';
import { failureOf, input, start, temporalForTests } from './harness.ts';
import { leaveOutputs } from './kept-outputs.ts';
import { memoryStore } from './memory-store.ts';

const withWorkers = temporalForTests();

const { window } = input;
const AFTER_COMPACT = ['loadWindow', 'buildWindow', 'publishServing'];
const order = { by: 'a person', why: 'to see it' };

const states = (report: WindowReport | undefined): Record<string, string> =>
  Object.fromEntries(report?.steps.map(({ step, state }) => [step, state]) ?? []);

async function playedOnce(client: Client): Promise<void> {
  await (await start(client)).result();
}

describe('a window that is played again from a step', () => {
  it('keeps the steps before it, runs the others, and is the same at every hop', async () => {
    const store = memoryStore();
    await leaveOutputs(store);
    const [first, second] = [fakeSteps({}, store), fakeSteps({}, store)];
    await withWorkers(first, playedOnce);
    await withWorkers(second, async (client) => {
      const again = { ...input, from_step: 'load', replay: order };
      expect(await (await start(client, again)).result()).toMatchObject({
        reconciled: true,
        counts: { arrived: 100, valid: 90, quarantined: 7, duplicates: 3 },
      });
    });
    expect(second.calls).toEqual(AFTER_COMPACT);
    const report = second.reports.at(-1);
    expect(report?.hops).toEqual(first.reports.at(-1)?.hops);
    expect(report?.hops.map(({ hop }) => hop)).toEqual(HopName.options);
    expect(states(report)).toMatchObject({ generate: 'kept', compact: 'kept', load: 'completed' });
    const [record] = await readReplays(store, window, 5);
    expect(record).toMatchObject({
      ...{ order, from_step: 'load', identical: true, differences: [] },
      before: { state: 'completed', reconciled: true },
      after: { state: 'completed', reconciled: true, holds: { events: { total: 100 } } },
    });
  });

  it('publishes from the shards that an earlier run has landed', async () => {
    const store = memoryStore();
    await leaveOutputs(store);
    const shards: unknown[] = [];
    const second = fakeSteps({}, store);
    const { publishShard } = second.queues.publish;
    second.queues.publish.publishShard = (...args) => {
      shards.push((args as unknown as [{ shard: unknown }])[0].shard);
      return publishShard?.(...args) as Promise<unknown>;
    };
    await withWorkers(fakeSteps({}, store), playedOnce);
    await withWorkers(second, async (client) =>
      (await start(client, { ...input, from_step: 'publish' })).result(),
    );
    expect(second.calls).not.toContain('generateShard');
    expect(shards).toHaveLength(2);
    expect(shards).toEqual(
      expect.arrayContaining(
        [0, 1].map((shard) =>
          expect.objectContaining({ shard, key: keys.shard(window, shard), records: 50 }),
        ),
      ),
    );
  });

  it('begins behind what a failed run has done', async () => {
    const store = memoryStore();
    await leaveOutputs(store);
    const broken = fakeSteps(
      {
        ingestWindow: async () => {
          throw ApplicationFailure.nonRetryable('no such key', 'AccessDenied');
        },
      },
      store,
    );
    const second = fakeSteps({}, store);
    await withWorkers(broken, async (client) => failureOf((await start(client)).result()));
    await withWorkers(second, async (client) => {
      await (await start(client, { ...input, from_step: 'ingest', replay: order })).result();
    });
    expect(second.calls).toEqual([
      ...['ingestWindow', 'forwardDeadLetters', 'reconcileWindow', 'compactWindow'],
      ...AFTER_COMPACT,
    ]);
    const [record] = await readReplays(store, window, 5);
    // There was nothing whole to compare it with.
    expect(record).toMatchObject({
      before: { state: 'failed', failure: { step: 'ingest' } },
      after: { state: 'completed' },
      ...{ identical: null, compared_with: null },
    });
  });

  it('builds the days that its load has found, those of former runs included', async () => {
    const store = memoryStore();
    const days = ['2026-01-03', '2026-01-05'];
    const first = fakeSteps({}, store);
    const { loadWindow } = first.queues.warehouse;
    first.queues.warehouse.loadWindow = async () => ({
      ...((await loadWindow?.()) as object),
      affected_dates: days,
    });
    await withWorkers(first, playedOnce);
    const built: unknown[] = [];
    const second = fakeSteps({}, store);
    const { buildWindow } = second.queues.warehouse;
    second.queues.warehouse.buildWindow = (...args) => {
      built.push((args as unknown as [{ affected_dates: unknown }])[0].affected_dates);
      return buildWindow?.(...args) as Promise<unknown>;
    };
    await withWorkers(second, async (client) =>
      (await start(client, { ...input, from_step: 'build' })).result(),
    );
    expect(second.calls).toEqual(['buildWindow', 'publishServing']);
    expect(built).toEqual([days]);
  });

  it.each<[string, object, StepName, string]>([
    ['which never ran', {}, 'load', 'the first step to begin at is generate'],
    ['with another request', { seed: 2 }, 'load', 'of another request (100 events, seed 1, 2 shards, flat)'],
  ])('%s is refused, and nothing is touched', async (name, changes, from_step, said) => {
    const store = memoryStore();
    await leaveOutputs(store);
    if (name !== 'which never ran') await withWorkers(fakeSteps({}, store), playedOnce);
    const before = new Map(store.objects);
    const second = fakeSteps({}, store);
    await withWorkers(second, async (client) => {
      const failure = await failureOf((await start(client, { ...input, ...changes, from_step })).result());
      expect(failure).toMatchObject({ type: 'ResourceMissing', nonRetryable: true });
      expect(failure.message).toContain(`${window} cannot begin at load`);
      expect(failure.message).toContain(said);
    });
    expect(second.calls).toEqual([]);
    expect(store.objects).toEqual(before);
  });

  it('does not count on what a run that began before it has replaced', async () => {
    const store = memoryStore();
    await leaveOutputs(store);
    await withWorkers(fakeSteps({}, store), playedOnce);
    const broken = fakeSteps(
      {
        publishShard: async () => {
          throw ApplicationFailure.nonRetryable('not allowed', 'AccessDenied');
        },
      },
      store,
    );
    await withWorkers(broken, async (client) => failureOf((await start(client)).result()));
    await withWorkers(fakeSteps({}, store), async (client) => {
      const failure = await failureOf((await start(client, { ...input, from_step: 'load' })).result());
      expect(failure.message).toContain('the first step to begin at is publish');
    });
  });
});

describe('a replay that is not the same', () => {
  it('says so, and what differs', async () => {
    const store = memoryStore();
    await withWorkers(fakeSteps({}, store), playedOnce);
    const other = fakeSteps({}, store);
    const { reconcileWindow } = other.queues.control;
    other.queues.control.reconcileWindow = async (...args) => {
      const { hops = [] } = ((await reconcileWindow?.(...args)) ?? {}) as Partial<WindowReport>;
      return {
        attempt: 1,
        hops: hops.map((hop) =>
          hop.hop === 'events'
            ? { ...hop, observed: { ...hop.observed, content_hash: '00000000000000ff' } }
            : hop,
        ),
      };
    };
    await withWorkers(other, async (client) => (await start(client, { ...input, replay: order })).result());
    expect((await readReplays(store, window, 5))[0]).toMatchObject({
      identical: false,
      differences: ['events had the content hash 00000000000000aa and has 00000000000000ff.'],
    });
  });
});

describe('the plan that Airflow asks for', () => {
  it('names the windows to play, and a scope that is none is final', async () => {
    const steps = fakeSteps();
    await withWorkers(steps, async (client) => {
      const plan = (workflowId: string, scope: object) =>
        client.workflow.execute(REPLAY_PLAN_WORKFLOW, {
          ...{ workflowId, taskQueue: TASK_QUEUES.control, args: [scope] },
        });
      await playedOnce(client);
      const scope = { from: window, to: '2026-01-05T09:00Z' };
      expect(await plan('all', scope)).toMatchObject({
        windows: [{ window, from_step: 'generate', request: { events: 100, shards: 2 }, refused: null }],
        next: null,
      });
      expect(await plan('failed', { ...scope, failed: true })).toMatchObject({
        windows: [{ window: '2026-01-05T09:00Z', state: 'missing' }],
      });
      const failure = await failureOf(plan('none', { ...scope, to: '2026-01-05T07:00Z' }));
      expect(failure).toMatchObject({ type: 'InvalidInput', nonRetryable: true });
    });
  });
});
