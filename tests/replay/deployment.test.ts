import type { Client, WorkflowHandle } from '@temporalio/client';
import proto from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Capability } from '../../contracts/task-queues.ts';
import { fakeSteps } from '../workflow/fake-steps.ts';
import { input, start, temporalServer } from '../workflow/harness.ts';
import { changedBundle, GATED, UNGATED } from './changed-workflow.ts';

const ACTIVITIES: Capability[] = ['publish', 'spark', 'warehouse'];
const NON_DETERMINISTIC =
  proto.temporal.api.enums.v1.WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR;

const { serve, withWorkers } = temporalServer();
let gated: string;
let ungated: string;
beforeAll(async () => {
  gated = await changedBundle(GATED);
  ungated = await changedBundle(UNGATED);
});

/** A window that stays in ingest until it is told to go on. */
function pausedInIngest() {
  const reached = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const { ingestWindow } = fakeSteps().queues.spark;
  const steps = fakeSteps();
  steps.queues.spark.ingestWindow = async (...args) => {
    reached.resolve();
    await goOn.promise;
    return ingestWindow?.(...args);
  };
  return { steps, reached: reached.promise, goOn: goOn.resolve };
}

const looks = (calls: readonly string[]): number =>
  calls.filter((name) => name === 'finishGeneration').length;

/** The causes of the workflow tasks that failed so far. */
async function failedTasks(handle: WorkflowHandle): Promise<unknown[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).flatMap(({ workflowTaskFailedEventAttributes: failed }) => failed?.cause ?? []);
}

/** Starts a window under the workflows of today, has `between` done while it is in ingest, and ends it under another bundle. */
async function deployedDuringIngest(
  codePath: string,
  between: (handle: WorkflowHandle, paused: ReturnType<typeof pausedInIngest>) => Promise<void>,
) {
  const paused = pausedInIngest();
  const result = await withWorkers(
    paused.steps,
    async (client) => {
      const stop = await serve('control', paused.steps);
      // A worker that has failed a task leaves the next one to its time limit, which is ten seconds unless told.
      const handle = await start(client, input, { workflowTaskTimeout: '3 seconds' });
      await paused.reached;
      await stop();
      await between(handle, paused);
      const stopNew = await serve('control', paused.steps, codePath);
      paused.goOn();
      try {
        return await handle.result();
      } finally {
        await stopNew();
      }
    },
    { capabilities: ACTIVITIES },
  );
  return { result, calls: paused.steps.calls };
}

/** What a window comes to when nobody deploys anything. */
async function undisturbed(codePath?: string) {
  const steps = fakeSteps();
  const work = async (client: Client) => (await start(client)).result();
  return { result: await withWorkers(steps, work, codePath ? { codePath } : {}), calls: steps.calls };
}

describe('workflows that are changed while a window is running', () => {
  it('take it to the same end, by the old way where it has passed and the new one from there', async () => {
    const before = await undisturbed();
    const deployed = await deployedDuringIngest(gated, async () => undefined);
    const after = await undisturbed(gated);
    expect(deployed.result).toEqual(before.result);
    expect(after.result).toEqual(before.result);
    expect([before, deployed, after].map(({ calls }) => looks(calls))).toEqual([1, 2, 3]);
    expect(deployed.calls.indexOf('ingestWindow')).toBeLessThan(
      deployed.calls.lastIndexOf('finishGeneration'),
    );
  });

  it('stop it when a command is new without a patch, until that is mended', async () => {
    const deployed = await deployedDuringIngest(gated, async (handle, { goOn }) => {
      const stop = await serve('control', fakeSteps(), ungated);
      goOn();
      try {
        await expect.poll(() => failedTasks(handle), { timeout: 20_000 }).toContain(NON_DETERMINISTIC);
      } finally {
        await stop();
      }
      expect((await handle.describe()).status.name).toBe('RUNNING');
      const history = await handle.fetchHistory();
      const replay = (codePath: string) =>
        Worker.runReplayHistory({ workflowBundle: { codePath } }, history, handle.workflowId);
      await expect(replay(ungated)).rejects.toThrow(/Nondeterminism/i);
      await expect(replay(gated)).resolves.toBeUndefined();
    });
    expect(deployed.result).toEqual((await undisturbed()).result);
    expect(deployed.result).toMatchObject({ window: input.window, reconciled: true });
  });
});
