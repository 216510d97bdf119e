import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { readReplays } from '../../activities/replays.ts';
import { type ReplayTask, replayWindows } from '../../cli/replay-windows.ts';
import { connectWindowWorkflows } from '../../cli/window-workflows.ts';
import { STEPS } from '../../contracts/steps.ts';
import { JOINED_SIGNAL } from '../../contracts/task-queues.ts';
import { windowWorkflowId } from '../../contracts/window.ts';
import { fakeSteps } from './fake-steps.ts';
import { input, start, temporalForTests } from './harness.ts';
import { memoryStore } from './memory-store.ts';

const withWorkers = temporalForTests();

const { window } = input;
const order = { by: 'a person', why: 'to see it' };
const task: ReplayTask = {
  ...{
    request: { ...input, window },
    from_step: 'generate',
    playedBy: undefined,
    isNew: false,
    amend: false,
  },
};

describe('replays of one window at once', () => {
  it('never interleave: the second waits, and then plays it once more', async () => {
    const store = memoryStore();
    const steps = fakeSteps({}, store);
    let [now, most] = [0, 0];
    const { compactWindow } = steps.queues.spark;
    steps.queues.spark.compactWindow = async (...args) => {
      now += 1;
      most = Math.max(most, now);
      await sleep(1_500);
      now -= 1;
      return compactWindow?.(...args);
    };
    const seen: string[] = [];
    await withWorkers(steps, async (client) => {
      const { address } = (client.connection as Connection).options;
      const workflows = await connectWindowWorkflows({ address, namespace: 'default' });
      const following = {
        workflows,
        seen: (_: string, sighting: { at: string; did?: string }) => void seen.push(sighting.did ?? ''),
        signal: new AbortController().signal,
        pace: { pollMs: 100, patienceMs: 5_000 },
      };
      // The schedule's own run, and two people.
      const scheduled = await start(client);
      const options = { tasks: [task], order, parallel: 1, airflow: undefined };
      const both = await Promise.all([replayWindows(options, following), replayWindows(options, following)]);
      await scheduled.result();
      await workflows.close();
      const runs = both.flat().map(({ state, runId }) => ({ state, runId }));
      expect(runs.map(({ state }) => state)).toEqual(['completed', 'completed']);
      expect(new Set(runs.map(({ runId }) => runId)).size).toBe(2);
    });
    expect(seen).toContain('waits');
    expect(most).toBe(1);
    expect(steps.calls.filter((call) => call === 'compactWindow')).toHaveLength(3);
    const records = await readReplays(store, window, 5);
    expect(records.map(({ identical }) => identical)).toEqual([true, true]);
  });
});

describe('a replay that joins a running one', () => {
  it('goes on its record, whoever ordered that one', async () => {
    const store = memoryStore();
    const begun = Promise.withResolvers<void>();
    const joined = Promise.withResolvers<void>();
    const steps = fakeSteps({}, store);
    const { compactWindow } = steps.queues.spark;
    steps.queues.spark.compactWindow = async (...args) => {
      begun.resolve();
      await joined.promise;
      return compactWindow?.(...args);
    };
    await withWorkers(steps, async (client) => {
      const handle = await start(client);
      await begun.promise;
      await handle.signal(JOINED_SIGNAL, order);
      // What is no order is nobody's.
      await handle.signal(JOINED_SIGNAL, { by: 7 });
      joined.resolve();
      await handle.result();
    });
    expect(await readReplays(store, window, 5)).toMatchObject([
      { order: { by: 'a test', why: 'run again' }, joined: [order], after: { reconciled: true } },
    ]);
  });
});

describe('a reset in Temporal', () => {
  it.each(['ingestWindow', 'loadWindow'])('to %s ends in the same window', async (activity) => {
    const store = memoryStore();
    const steps = fakeSteps({}, store);
    await withWorkers(steps, async (client) => {
      const handle = await start(client);
      await handle.result();
      const { events } = await handle.fetchHistory();
      const scheduled = events?.find(
        (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === activity,
      );
      // A reset is to the end of a workflow task: the one that decided on the activity.
      const decided = scheduled?.activityTaskScheduledEventAttributes?.workflowTaskCompletedEventId;
      steps.calls.length = 0;
      const { runId } = await client.workflowService.resetWorkflowExecution({
        namespace: 'default',
        workflowExecution: { workflowId: windowWorkflowId(window), runId: handle.firstExecutionRunId },
        reason: 'a test',
        workflowTaskFinishEventId: decided ?? null,
        requestId: `reset-${activity}`,
      });
      await client.workflow.getHandle(windowWorkflowId(window), runId).result();
    });
    expect(steps.calls[0]).toBe(activity);
    expect(steps.calls).not.toContain('generateShard');
    const report = steps.reports.at(-1);
    expect(report?.reconciled).toBe(true);
    expect(report?.steps.map(({ step }) => step)).toEqual([...STEPS]);
    expect((await readReplays(store, window, 5))[0]).toMatchObject({
      ...{ identical: true, differences: [] },
      // The server puts its own name in the place of whoever has asked it, and keeps the reason.
      order: { by: 'unknown (Temporal reset)', why: 'a test' },
    });
  });
});
