import { existsSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../config/config.ts';
import { REPLAY_PLAN_WORKFLOW, TASK_QUEUES } from '../../contracts/task-queues.ts';
import { windowWorkflowId } from '../../contracts/window.ts';
import { workflowBundle } from '../../workers/bundle.ts';
import { amending, fakeSteps } from '../workflow/fake-steps.ts';
import { input, start, temporalForTests } from '../workflow/harness.ts';
import { STREAM_WAYS } from './stream-ways.ts';

/**
 * Ways through the workflow of which the history was taken on the test server. `--update` writes those that are not there; what
 * is there stays as it was, whatever the workflow has become.
 */
const folder = join(import.meta.dirname, 'histories');
const isWriting = (): boolean => expect.getState().snapshotState?.snapshotUpdateState === 'all';

const { History } = proto.temporal.api.history.v1;
type RecordedHistory = proto.temporal.api.history.v1.IHistory;

const withWorkers = temporalForTests();
const workflowId = windowWorkflowId(input.window);

const WAYS: Record<string, (client: Client) => Promise<RecordedHistory>> = {
  async 'from-step'(client) {
    await (await start(client)).result();
    const handle = await start(client, { ...input, from_step: 'build' });
    await handle.result();
    return handle.fetchHistory();
  },

  /** Rules by which nothing changes. */
  async amended(client) {
    await (await start(client)).result();
    const handle = await start(client, { ...input, from_step: 'build', amend: true });
    await handle.result();
    return handle.fetchHistory();
  },

  /** A mended rule: the ledger is amended once the window has reconciled with it. */
  async 'amended-once-reconciled'(client) {
    await (await start(client)).result();
    const handle = await start(client, { ...input, from_step: 'build', amend: true });
    await handle.result();
    return handle.fetchHistory();
  },

  async 'live-hour'(client) {
    const handle = await start(client, { ...input, source: 'live' });
    await handle.result();
    return handle.fetchHistory();
  },

  async 'plan-of-a-replay'(client) {
    const scope = { from: input.window, to: input.window, failed: true };
    const plan = { workflowId, taskQueue: TASK_QUEUES.control, args: [scope] };
    const handle = await client.workflow.start(REPLAY_PLAN_WORKFLOW, plan);
    await handle.result();
    return handle.fetchHistory();
  },

  /** Back to where it decided to load, as an operator does it in Temporal's own pages. */
  async reset(client) {
    const handle = await start(client);
    await handle.result();
    const { events } = await handle.fetchHistory();
    const load = events?.find(
      ({ activityTaskScheduledEventAttributes: one }) => one?.activityType?.name === 'loadWindow',
    )?.activityTaskScheduledEventAttributes;
    const { runId } = await client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId, runId: handle.firstExecutionRunId },
      reason: 'a test',
      workflowTaskFinishEventId: load?.workflowTaskCompletedEventId ?? null,
      requestId: 'reset',
    });
    const again = client.workflow.getHandle(workflowId, runId);
    await again.result();
    return again.fetchHistory();
  },
};

type Taken = [string, () => Promise<RecordedHistory>];
const ALL: Taken[] = [
  ...Object.entries(WAYS).map(([name, way]): Taken => {
    const steps = name === 'amended-once-reconciled' ? amending : {};
    return [name, () => withWorkers(fakeSteps(steps), way)];
  }),
  ...Object.entries(STREAM_WAYS).map(
    ([name, way]): Taken => [name.replaceAll(' ', '-'), () => way(withWorkers)],
  ),
];

describe('a way through the workflow', () => {
  it.each(ALL)('%s is among the histories, and replays as it is taken today', async (name, way) => {
    const history = await way();
    const codePath = await workflowBundle(loadConfig().paths);
    const replayed = Worker.runReplayHistory({ workflowBundle: { codePath } }, history, workflowId);
    await expect(replayed).resolves.toBeUndefined();
    const file = join(folder, `${name}.json`);
    if (isWriting() && !existsSync(file)) {
      const message = History.fromObject(history);
      const plain = History.toObject(message, { enums: String, longs: String, bytes: String });
      // Whose machine it was is nobody's business.
      const text = JSON.stringify(plain, null, 1).replaceAll(`@${hostname()}`, '@worker');
      writeFileSync(file, `${text}\n`);
    }
    expect(existsSync(file), `record it: see docs/processes/change-a-workflow.md`).toBe(true);
  });
});
