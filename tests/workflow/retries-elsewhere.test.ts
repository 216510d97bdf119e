import type { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import type { FailureType } from '../../contracts/failures.ts';
import { REPLAY_PLAN_WORKFLOW, TASK_QUEUES } from '../../contracts/task-queues.ts';
import { maximumAttempts } from '../../workflows/step-activities.ts';
import { amending, balanced, fakeSteps } from './fake-steps.ts';
import { failureOf, input, start, temporalForTests } from './harness.ts';
import { leaveOutputs } from './kept-outputs.ts';
import { memoryStore } from './memory-store.ts';
import { windowsWith, withMishaps } from './mishaps.ts';

const withWorkers = temporalForTests();

/** A live hour has nothing in the landing area. */
const ofLiveHour = {
  reconcileWindow: async () => ({
    hops: (['kafka', 'raw', 'events', 'quarantine', 'duplicates'] as const).map(balanced),
    attempt: 1,
  }),
};

interface Way {
  activities: string[];
  asked: object;
  replaced?: Parameters<typeof fakeSteps>[0];
}

/** Ways to activities that a window which is generated and goes well does not come to. */
const WAYS: [string, Way][] = [
  [
    'an hour that filled by itself',
    {
      activities: ['findSource', 'countHour', 'vouchForHour', 'awaitStream', 'closeWindow'],
      asked: { source: 'live' },
      replaced: ofLiveHour,
    },
  ],
  ['a replay from publish', { activities: ['recallShards'], asked: { from_step: 'publish' } }],
  ['a replay from build', { activities: ['findGone'], asked: { from_step: 'build' } }],
  [
    'quarantined records that are put through again',
    {
      activities: ['amendLedger', 'keepAmendment'],
      asked: { from_step: 'ingest', amend: true },
      replaced: amending,
    },
  ],
];

const BY: Record<string, FailureType> = {
  once: 'Unavailable',
  always: 'Unavailable',
  finally: 'AccessDenied',
};

const endingOf = (running: Promise<unknown>): Promise<unknown> =>
  running.then(
    () => 'completed',
    async () => {
      const failure = await failureOf(running);
      // A plan hands on what its activity failed with.
      return failure.type ?? (failure.cause as ApplicationFailure | undefined)?.type;
    },
  );

describe.each(WAYS)('what goes wrong in %s', (_, { activities, asked, replaced }) => {
  it('is tried again when that may help, so often and no more, and not when it cannot', async () => {
    const store = memoryStore();
    await leaveOutputs(store);
    await withWorkers(fakeSteps({}, store), async (client) => (await start(client)).result());
    const { endings, tries } = await windowsWith({
      withWorkers,
      ids: activities.flatMap((activity) => Object.keys(BY).map((how) => `${activity} ${how}`)),
      mishap: (id, activity, time) => {
        const [one, how = ''] = id.split(' ');
        return one === activity && (how !== 'once' || time === 1) ? BY[how] : undefined;
      },
      ending: endingOf,
      asked: { ...input, ...asked },
      steps: fakeSteps(replaced, store),
    });
    expect(endings).toEqual(activities.flatMap(() => ['completed', 'Unavailable', 'AccessDenied']));
    for (const activity of activities) {
      const most = maximumAttempts(activity) ?? 0;
      expect(most).toBeGreaterThan(2);
      const times = Object.keys(BY).map((how) => tries[`${activity} ${how} ${activity}`]);
      expect([activity, ...times]).toEqual([activity, 2, most, 1]);
    }
  });
});

/** As workflows/replay-plan.ts has it. */
const PLANNED_AT_MOST = 6;

it.each([
  ['plain', {}],
  ['of quarantined records', { quarantined: {} }],
])('a plan, %s, is made again when that may help, so often and no more', async (_, scope) => {
  const steps = fakeSteps({ planReplay: async () => ({ windows: [], next: null }) });
  const tries = withMishaps(steps, (id, _activity, time) => (id === 'once' && time > 1 ? undefined : BY[id]));
  const endings = await withWorkers(steps, (client) =>
    Promise.all(
      Object.keys(BY).map(async (workflowId) =>
        endingOf(
          client.workflow.execute(REPLAY_PLAN_WORKFLOW, {
            ...{ workflowId, taskQueue: TASK_QUEUES.control },
            args: [{ from: input.window, to: input.window, ...scope }],
          }),
        ),
      ),
    ),
  );
  expect(endings).toEqual(['completed', 'Unavailable', 'AccessDenied']);
  expect(Object.keys(BY).map((how) => tries[`${how} planReplay`])).toEqual([2, PLANNED_AT_MOST, 1]);
});
