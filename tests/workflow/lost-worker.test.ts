import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { activityInfo, Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import proto from '@temporalio/proto';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { withPulse } from '../../activities/pulse.ts';
import { isRunning } from '../../infra/supervisor/owned-processes.ts';
import { changedBundle } from '../replay/changed-workflow.ts';
import { fakeSteps } from './fake-steps.ts';
import { failureOf, start, temporalServer } from './harness.ts';
import { compactWindow, PROCESSES, stuck } from './stubborn-spark.ts';

const { withWorkers, address } = temporalServer();

/** The workflows of today, but in a hurry: nobody waits half a minute for a beat, and twenty for a load, in a test. */
let hurried: string;
beforeAll(async () => {
  const file = 'step-activities.ts';
  hurried = await changedBundle([
    { file, find: /(?<=const HEARTBEAT = )'30 seconds'/, replacement: "'4 seconds'" },
    { file, find: /(?<=startToCloseTimeout: )minutes\(20, events, 500_000\)/, replacement: "'6 seconds'" },
    { file, find: /(?<=initialInterval: )'[25] seconds'/g, replacement: "'100 milliseconds'" },
  ]);
});

let scratch: string;
const children = new Set<ChildProcess>();
const trees = new Set<number>();
beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'reprise-lost-worker-'));
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  for (const pid of [...trees].filter(isRunning)) process.kill(pid, 'SIGKILL');
  children.clear();
  trees.clear();
  await rm(scratch, { recursive: true, force: true });
});

const allGone = () => [...trees].filter(isRunning).length === 0;

type Said = { ready?: true; pid?: number; folder?: string };

/** A worker of the Spark queue in a process of its own; `heard` waits for the next thing that it says. */
function sparkWorker(kind: 'stuck' | 'works') {
  const program = join(import.meta.dirname, 'spark-worker.ts');
  const child = spawn(process.execPath, [program, address(), scratch, kind], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const heard = async (): Promise<Said> => JSON.parse(String((await lines.next()).value)) as Said;
  return { child, heard };
}

async function stopped(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

describe('a worker that is frozen', () => {
  it('loses its attempt to another one, which does it anew in a folder of its own', async () => {
    const steps = fakeSteps();
    const frozen = sparkWorker('stuck');
    expect(await frozen.heard()).toEqual({ ready: true });
    await withWorkers(
      steps,
      async (client) => {
        const handle = await start(client);
        let first = '';
        while (trees.size < PROCESSES) {
          const { pid = 0, folder = '' } = await frozen.heard();
          trees.add(pid);
          first = folder;
        }
        frozen.child.kill('SIGSTOP');

        const other = sparkWorker('works');
        expect(await other.heard()).toEqual({ ready: true });
        const { folder: second = '' } = await other.heard();
        expect(await handle.result()).toMatchObject({ reconciled: true });
        expect(steps.reports.at(-1)?.steps[4]).toMatchObject({
          step: 'compact',
          state: 'completed',
          attempts: 2,
        });
        expect(second).not.toBe(first);
        // The frozen one still has its own; what the other one made, it has taken away again.
        expect(await readdir(scratch)).toEqual([basename(first)]);

        // It learns at its next beat that nobody waits for it any more.
        frozen.child.kill('SIGCONT');
        await expect.poll(allGone, { timeout: 20_000 }).toBe(true);
        await expect.poll(() => readdir(scratch), { timeout: 20_000 }).toEqual([]);
        await Promise.all([frozen.child, other.child].map(stopped));
      },
      { capabilities: ['control', 'publish', 'warehouse'], codePath: hurried },
    );
  });
});

const { TIMEOUT_TYPE_HEARTBEAT: HEARTBEAT, TIMEOUT_TYPE_START_TO_CLOSE: START_TO_CLOSE } =
  proto.temporal.api.enums.v1.TimeoutType;

/** By which of its limits the first attempt to load was lost; the second one's start tells. */
async function timeoutOfLoad(handle: WorkflowHandle): Promise<unknown> {
  const { events = [] } = await handle.fetchHistory();
  const load = events?.find(
    ({ activityTaskScheduledEventAttributes: one }) => one?.activityType?.name === 'loadWindow',
  );
  const started = events?.find(
    ({ activityTaskStartedEventAttributes: one }) => String(one?.scheduledEventId) === String(load?.eventId),
  );
  return started?.activityTaskStartedEventAttributes?.lastFailure?.timeoutFailureInfo?.timeoutType;
}

describe('an attempt that comes to no end', () => {
  it('is made again when it gives no sign of life, and when it has given them for too long', async () => {
    const told = Promise.withResolvers<unknown>();
    const over = Promise.withResolvers<never>();
    over.promise.catch(() => undefined);
    const attempts: Record<string, () => Promise<never>> = {
      // Its process lives: nobody else would notice.
      silent: () => withPulse(100, () => over.promise),
      endless: () =>
        withPulse(60_000, () =>
          Context.current().cancelled.catch((reason: unknown) => {
            told.resolve(reason);
            throw reason;
          }),
        ),
    };
    const steps = fakeSteps();
    const { loadWindow } = steps.queues.warehouse;
    steps.queues.warehouse.loadWindow = async (...args) => {
      const { attempt, workflowExecution } = activityInfo();
      const first = attempts[workflowExecution?.workflowId ?? ''];
      return attempt === 1 ? first?.() : loadWindow?.(...args);
    };
    const ids = Object.keys(attempts);
    const lost: Record<string, unknown> = {};
    await withWorkers(
      steps,
      async (client) => {
        const handles = await Promise.all(ids.map((workflowId) => start(client, undefined, { workflowId })));
        try {
          for (const handle of handles) {
            expect(await handle.result()).toMatchObject({ reconciled: true });
            lost[handle.workflowId] = await timeoutOfLoad(handle);
          }
          expect(await told.promise).toMatchObject({ name: 'CancelledFailure' });
        } finally {
          over.reject(new Error('nobody hears this'));
        }
      },
      { codePath: hurried },
    );
    expect(lost).toEqual({ silent: HEARTBEAT, endless: START_TO_CLOSE });
    for (const id of ids) {
      const report = steps.reports.findLast(({ workflow }) => workflow.workflow_id === id);
      expect(report?.steps[5]).toMatchObject({ step: 'load', state: 'completed', attempts: 2 });
    }
  });
});

describe('a cancelled window', () => {
  it('takes the processes of its step with it, also those that will not listen', async () => {
    const started = Promise.withResolvers<void>();
    const steps = fakeSteps();
    steps.queues.spark.compactWindow = compactWindow(
      scratch,
      stuck((pid) => {
        trees.add(pid);
        if (trees.size === PROCESSES) started.resolve();
      }),
    );
    await withWorkers(steps, async (client) => {
      const handle = await start(client);
      await started.promise;
      expect([...trees].filter(isRunning).length).toBe(PROCESSES);
      await handle.cancel();
      expect((await failureOf(handle.result())).name).toBe('CancelledFailure');
      // Killed before the workflow went on; a moment until they are out of the table.
      await expect.poll(allGone, { timeout: 5_000 }).toBe(true);
      expect(await readdir(scratch)).toEqual([]);
    });
    expect(steps.reports.at(-1)?.steps[4]).toMatchObject({ step: 'compact', state: 'cancelled' });
    expect(steps.calls).not.toContain('loadWindow');
  });
});
