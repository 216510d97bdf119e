import { activityInfo } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import proto from '@temporalio/proto';
import { beforeAll, describe, expect, it } from 'vitest';
import { LISTENING_WINDOW_WORKFLOW, REPLAY_PLAN_WORKFLOW, TASK_QUEUES } from '../../contracts/task-queues.ts';
import { changedBundle } from '../replay/changed-workflow.ts';
import { WITH_BEATS, WITHOUT_BEATS } from './beating.ts';
import { fakeSteps } from './fake-steps.ts';
import { input, temporalForTests } from './harness.ts';

const withWorkers = temporalForTests();

const { TIMEOUT_TYPE_HEARTBEAT: HEARTBEAT, TIMEOUT_TYPE_START_TO_CLOSE: START_TO_CLOSE } =
  proto.temporal.api.enums.v1.TimeoutType;

/** Of seconds that nobody waits for in a test. What is told in minutes stays as long as it is. */
let hurried: string;
beforeAll(async () => {
  const inSeconds = [
    {
      find: /(?<=(?:HEARTBEAT = |heartbeatTimeout: |startToCloseTimeout: ))'[23]0 seconds'/g,
      replacement: "'2 seconds'",
    },
    { find: /(?<=initialInterval: )'[125] seconds?'/g, replacement: "'100 milliseconds'" },
  ];
  hurried = await changedBundle(
    ['step-activities.ts', 'replay-plan.ts'].flatMap((file) => inSeconds.map((edit) => ({ file, ...edit }))),
  );
});

/** By which of its limits the first attempt of an activity was lost; its second one's start tells. */
async function lostBy(handle: WorkflowHandle, activity: string): Promise<unknown> {
  const { events = [] } = await handle.fetchHistory();
  const scheduled = (events ?? []).filter(
    ({ activityTaskScheduledEventAttributes: one }) => one?.activityType?.name === activity,
  );
  const ids = new Set(scheduled.map(({ eventId }) => String(eventId)));
  return events?.find(
    ({ activityTaskStartedEventAttributes: one }) =>
      ids.has(String(one?.scheduledEventId)) && one?.lastFailure?.timeoutFailureInfo,
  )?.activityTaskStartedEventAttributes?.lastFailure?.timeoutFailureInfo?.timeoutType;
}

describe('an attempt of which nothing is heard any more', () => {
  it('is lost in every activity, and another one does its work', async () => {
    const over = Promise.withResolvers<never>();
    over.promise.catch(() => undefined);
    const hung = new Set<string>();
    const steps = fakeSteps({ planReplay: async () => ({ windows: [], next: null }) });
    for (const queue of Object.values(steps.queues)) {
      for (const [name, step] of Object.entries(queue)) {
        queue[name] = async (...args) => {
          const id = activityInfo().workflowExecution?.workflowId ?? '';
          if (id !== name || hung.has(id)) return step(...args);
          hung.add(id);
          return over.promise;
        };
      }
    }
    const ids = [...WITHOUT_BEATS, ...WITH_BEATS];
    const lost = await withWorkers(
      steps,
      async (client) => {
        const handles = await Promise.all(
          ids.map((workflowId) =>
            client.workflow.start(LISTENING_WINDOW_WORKFLOW, {
              ...{ taskQueue: TASK_QUEUES.control, workflowId, args: [input] },
            }),
          ),
        );
        const plan = await client.workflow.start(REPLAY_PLAN_WORKFLOW, {
          ...{ taskQueue: TASK_QUEUES.control, workflowId: 'planReplay' },
          args: [{ from: input.window, to: input.window, quarantined: {} }],
        });
        try {
          for (const handle of handles) expect(await handle.result()).toMatchObject({ reconciled: true });
          await plan.result();
          return await Promise.all(
            [...handles, plan].map(async (handle) => [
              handle.workflowId,
              await lostBy(handle, handle.workflowId),
            ]),
          );
        } finally {
          over.reject(new Error('nobody hears this'));
        }
      },
      { capabilities: ['control', 'publish', 'spark', 'warehouse'], codePath: hurried },
    );
    expect([...hung].sort()).toEqual([...ids, 'planReplay'].sort());
    expect(lost).toEqual([
      ...WITHOUT_BEATS.map((activity) => [activity, START_TO_CLOSE]),
      ...WITH_BEATS.map((activity) => [activity, HEARTBEAT]),
      ['planReplay', HEARTBEAT],
    ]);
  });
});
