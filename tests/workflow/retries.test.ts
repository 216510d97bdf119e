import { activityInfo } from '@temporalio/activity';
import { beforeAll, describe, expect, it } from 'vitest';
import { withActivityFailures } from '../../activities/failures.ts';
import { ClientError } from '../../clients/errors.ts';
import { FAILURES, type FailureType } from '../../contracts/failures.ts';
import type { WindowResult } from '../../workflows/listening-window.ts';
import { maximumAttempts } from '../../workflows/step-activities.ts';
import { fakeSteps } from './fake-steps.ts';
import { failureOf, start, temporalForTests } from './harness.ts';

const withWorkers = temporalForTests();

const TYPES = Object.keys(FAILURES) as FailureType[];
const LASTING = TYPES.filter((type) => FAILURES[type].retryable);
const FINAL = TYPES.filter((type) => !FAILURES[type].retryable);

/** What a window does before its first step, between its steps and after its last. */
const BESIDE_THE_STEPS = ['recallSteps', 'recordReplay'];
/** What is done twice in a window of two shards, or once more at its end. */
const SEVERAL = ['generateShard', 'publishShard', 'recordReplay'];

/** The policies' own pauses add up to minutes; a failure may say itself when to come back. */
const failing = (type: FailureType) => new ClientError(type, 'said by a test', { retryAfterMs: 1 });

/**
 * Windows side by side, each with a workflow of its own whose name says what goes wrong in it; and how often each activity
 * of each was tried.
 */
async function windows<T>(
  ids: readonly string[],
  mishap: (id: string, activity: string, time: number) => FailureType | undefined,
  ending: (running: Promise<unknown>) => Promise<T>,
) {
  const steps = fakeSteps();
  const tries: Record<string, number> = {};
  for (const queue of Object.values(steps.queues)) {
    for (const [name, step] of Object.entries(queue)) {
      const { tried } = withActivityFailures({
        tried: async (...args: never[]) => {
          const id = activityInfo().workflowExecution?.workflowId ?? '';
          const time = (tries[`${id} ${name}`] ?? 0) + 1;
          tries[`${id} ${name}`] = time;
          const type = mishap(id, name, time);
          if (type) throw failing(type);
          return step(...args);
        },
      });
      queue[name] = tried;
    }
  }
  const endings = await withWorkers(steps, (client) =>
    Promise.all(
      ids.map(async (workflowId) => ending((await start(client, undefined, { workflowId })).result())),
    ),
  );
  return { endings, tries, reports: steps.reports };
}

/** Those of a window in which all goes well, but for its reports: they fail beside the steps. */
let activities: string[];
beforeAll(async () => {
  const { tries } = await windows(
    ['plain'],
    () => undefined,
    (running) => running,
  );
  activities = Object.keys(tries).map((name) => name.replace('plain ', ''));
  activities.splice(activities.indexOf('recordReport'), 1);
});

const stepsOf = (reports: Awaited<ReturnType<typeof windows>>['reports'], id: string) =>
  reports.findLast(({ workflow }) => workflow.workflow_id === id)?.steps;

describe('what may get better', () => {
  it('is tried again in every activity, and the window comes to its end', async () => {
    // Each again takes the server a second: side by side in eight windows, two for each type.
    const ids = [...LASTING, ...LASTING].map((type, index) => `${type} ${index}`);
    const inTurn = (activity: string): string => ids[activities.indexOf(activity) % ids.length] ?? '';
    const { endings, tries, reports } = await windows(
      ids,
      (id, activity, time) =>
        time === 1 && id === inTurn(activity) ? (id.split(' ')[0] as FailureType) : undefined,
      (running) => running,
    );
    expect(endings.map((ending) => (ending as WindowResult).reconciled)).toEqual(ids.map(() => true));
    expect(activities.length).toBeGreaterThan(ids.length);
    for (const activity of activities) {
      const elsewhere = ids.find((id) => id !== inTurn(activity));
      const once = tries[`${elsewhere} ${activity}`] ?? 0;
      expect(once).toBeGreaterThan(0);
      expect(tries[`${inTurn(activity)} ${activity}`]).toBe(once + 1);
    }
    const attempts = stepsOf(reports, inTurn('buildWindow'))?.map((step) => [step.step, step.attempts]);
    expect(attempts).toContainEqual(['build', 2]);
  });

  it('is tried so often and no more, and then the window has failed', async () => {
    const { endings, tries, reports } = await windows(
      // Its reports fail beside the steps; the last one is what it has to say.
      [...activities, 'recordReport'],
      (id, activity) => (id === activity ? 'Unavailable' : undefined),
      failureOf,
    );
    for (const { type } of endings) expect(type).toBe('Unavailable');
    expect((tries['recordReport recordReport'] ?? 0) % (maximumAttempts('recordReport') ?? 0)).toBe(0);
    for (const activity of activities) {
      const most = maximumAttempts(activity) ?? 0;
      expect(most).toBeGreaterThan(1);
      // Each shard has attempts of its own; what ends the window is told once more when it has ended.
      const times = SEVERAL.includes(activity) ? 2 : 1;
      expect([activity, tries[`${activity} ${activity}`]]).toEqual([activity, times * most]);
      if (BESIDE_THE_STEPS.includes(activity)) continue;
      const steps = stepsOf(reports, activity) ?? [];
      const at = steps.findIndex(({ state }) => state === 'failed');
      expect(steps[at]).toMatchObject({ attempts: most, failure: { type: 'Unavailable' } });
      for (const { state } of steps.slice(at + 1)) expect(state).toBe('skipped');
    }
  });
});

describe('what cannot get better', () => {
  it('is not tried again, whatever it is', async () => {
    const { endings, tries, reports } = await windows(
      FINAL,
      (id, activity) => (activity === 'ingestWindow' ? (id as FailureType) : undefined),
      failureOf,
    );
    expect(FINAL.length).toBeGreaterThan(3);
    expect(endings.map(({ type }) => type)).toEqual(FINAL);
    for (const type of FINAL) {
      expect(tries[`${type} ingestWindow`]).toBe(1);
      expect(tries[`${type} forwardDeadLetters`]).toBeUndefined();
      expect(stepsOf(reports, type)?.[2]).toMatchObject({ step: 'ingest', attempts: 1, failure: { type } });
    }
  });
});
