import { beforeAll, describe, expect, it } from 'vitest';
import { FAILURES, type FailureType } from '../../contracts/failures.ts';
import type { WindowResult } from '../../workflows/listening-window.ts';
import { maximumAttempts } from '../../workflows/step-activities.ts';
import { failureOf, temporalForTests } from './harness.ts';
import { type Mishaps, windowsWith } from './mishaps.ts';

const withWorkers = temporalForTests();

const TYPES = Object.keys(FAILURES) as FailureType[];
const LASTING = TYPES.filter((type) => FAILURES[type].retryable);
const FINAL = TYPES.filter((type) => !FAILURES[type].retryable);

/** What a window does before its first step, between its steps and after its last. */
const BESIDE_THE_STEPS = ['recallSteps', 'recordReplay'];
/** What each of two shards has attempts of its own for; the first that has used all of them takes the other with it. */
const OF_SHARDS = ['generateShard', 'publishShard'];

const windows = <T>(ids: readonly string[], mishap: Mishaps<T>['mishap'], ending: Mishaps<T>['ending']) =>
  windowsWith({ withWorkers, ids, mishap, ending });

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
      const tried = tries[`${activity} ${activity}`] ?? 0;
      if (OF_SHARDS.includes(activity)) {
        expect(tried).toBeGreaterThan(most);
        expect(tried).toBeLessThanOrEqual(2 * most);
      } else {
        // What ends the window is told once more when it has ended.
        expect([activity, tried]).toEqual([activity, activity === 'recordReplay' ? 2 * most : most]);
      }
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
