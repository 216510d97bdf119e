import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { schedule } from '../../runner/scheduler.ts';
import type { Need, Outcome, Suite } from '../../runner/suite.ts';

const PASSED: Outcome = { passed: 1, failed: 0, skipped: 0, problems: [] };

interface Trial {
  suites: Suite[];
  most: () => number;
  order: string[];
}

/** Suites that take 10 ms each and note when they ran and how many places were taken at once. */
function trial(described: { name: string; places?: 1 | 2; needs?: Need[]; fails?: boolean }[]): Trial {
  let taken = 0;
  let most = 0;
  const order: string[] = [];
  const suites = described.map(({ name, places = 1, needs = [], fails = false }): Suite => {
    return {
      ...{ name, title: name, group: 'unit', places, needs },
      async run() {
        order.push(name);
        taken += places;
        most = Math.max(most, taken);
        await sleep(10);
        taken -= places;
        if (fails) throw new Error('broken');
        return PASSED;
      },
    };
  });
  return { suites, most: () => most, order };
}

const run = (suites: Suite[], ready: (need: Need) => Promise<void>, signal = new AbortController().signal) =>
  schedule({
    suites,
    ready,
    signal,
    run: (suite) => suite.run({ paths: {}, env: {}, log: '', results: () => '', signal } as never),
    started: () => undefined,
    ended: () => undefined,
  });

describe('schedule', () => {
  test('runs all, never on more places than there are', async () => {
    const { suites, most, order } = trial([
      { name: 'a' },
      { name: 'b' },
      { name: 'c', places: 2 },
      { name: 'd' },
    ]);
    expect(await run(suites, async () => undefined)).toHaveLength(4);
    expect(most()).toBe(2);
    expect(order.toSorted()).toEqual(['a', 'b', 'c', 'd']);
  });

  test('does not wait for what only later suites need', async () => {
    const { suites, order } = trial([{ name: 'needy', needs: ['tools'] }, { name: 'free' }]);
    await run(suites, () => sleep(50));
    expect(order).toEqual(['free', 'needy']);
  });

  test('a need that cannot be made fails those that wait for it only', async () => {
    const { suites, order } = trial([{ name: 'needy', needs: ['tools'] }, { name: 'free' }]);
    const outcomes = await run(suites, () => Promise.reject(new Error('no network')));
    expect(outcomes.toSorted((a, b) => a.failed - b.failed)).toEqual([
      PASSED,
      { passed: 0, failed: 1, skipped: 0, problems: ['no network'] },
    ]);
    expect(order).toEqual(['free']);
  });

  test('a suite that throws has failed, and the rest goes on', async () => {
    const { suites } = trial([
      { name: 'bad', fails: true },
      { name: 'good', places: 2 },
    ]);
    const outcomes = await run(suites, async () => undefined);
    expect(outcomes.map((outcome) => outcome.failed)).toEqual([1, 0]);
  });

  test('starts nothing more once it is told to stop', async () => {
    const stopping = new AbortController();
    const { suites, order } = trial([
      { name: 'a', places: 2 },
      { name: 'b', places: 2 },
    ]);
    setTimeout(() => stopping.abort(), 2);
    await run(suites, async () => undefined, stopping.signal);
    expect(order).toEqual(['a']);
  });
});
