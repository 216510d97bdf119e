import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { LATEST_BURST_MS, OVERSHOOT_MS, SESSION_GAP_MS } from '../../../generator/listeners/day-plan.ts';
import { DAY_MS, HOUR_MS, instantOf } from '../../../generator/listeners/geography.ts';
import { HABITS } from '../../../generator/listeners/habits.ts';
import type { PlannedSession, Population } from '../../../generator/listeners/population.ts';
import {
  population,
  MONDAY,
  someDay,
  someSeed,
  someIndex,
  someRate,
  endMs,
  planned,
  share,
} from './planned.ts';

// A busy machine may need seconds for some hundred thousand days.
vi.setConfig({ testTimeout: 60_000 });

describe('a day plan', () => {
  test('keeps sessions apart, within days and across them, whatever the clocks do', () => {
    fc.assert(
      fc.property(someSeed, someIndex, someDay, someRate, (seed, from, day, rate) => {
        const one = population(seed);
        for (let index = from; index < from + 30; index++) {
          const sessions = [-1, 0, 1, 2].flatMap((more) => one.dayPlan(index, day + more, rate));
          for (const [place, session] of sessions.entries()) {
            expect(Number.isInteger(session.startMs) && Number.isInteger(session.budgetMs)).toBe(true);
            expect(session.budgetMs).toBeGreaterThan(0);
            expect(session.budgetMs).toBeLessThanOrEqual(6 * HOUR_MS);
            const before = sessions[place - 1];
            if (!before) continue;
            expect(session.startMs).toBeGreaterThanOrEqual(endMs(before) + SESSION_GAP_MS);
            if (before.day === session.day) expect(session.place).toBe(before.place + 1);
            else expect(session.place).toBe(0);
          }
        }
      }),
    );
  });

  test('does not let crowded sessions follow one another by the clock', () => {
    const one = population(3);
    const gaps: number[] = [];
    for (let index = 0; index < 4_000; index++) {
      const sessions = [0, 1, 2, 3].flatMap((more) => one.dayPlan(index, MONDAY + more, 0));
      for (const [place, session] of sessions.entries())
        if (place > 0) gaps.push(session.startMs - endMs(sessions[place - 1] as PlannedSession));
    }
    const within = (minutes: number): number =>
      share(gaps, (gap) => gap >= (minutes - 5) * 60_000 && gap < minutes * 60_000);
    expect(within(65)).toBeGreaterThan(0.02);
    for (const minutes of [65, 70, 75, 80, 85]) {
      expect(within(minutes)).toBeLessThan(0.06);
      expect(within(minutes + 5)).toBeLessThan(within(minutes) + 0.01);
    }
  });

  test('lies between two dawns', () => {
    fc.assert(
      fc.property(someSeed, someIndex, someDay, (seed, from, day) => {
        const one = population(seed);
        for (let index = from; index < from + 30; index++) {
          const listener = one.listener(index, day);
          const sessions = one.dayPlan(index, day, 0);
          if (!listener) {
            expect(sessions).toEqual([]);
            continue;
          }
          const { dawn } = HABITS[listener.habit] as { dawn: number };
          for (const session of sessions) {
            expect(session.day).toBe(day);
            expect(session.startMs).toBeGreaterThanOrEqual(instantOf(listener.country, day, dawn));
            expect(endMs(session) + SESSION_GAP_MS).toBeLessThanOrEqual(
              instantOf(listener.country, day + 1, dawn),
            );
          }
        }
      }),
    );
  });

  test('lets an offline session arrive in one later hour of the next three days', () => {
    fc.assert(
      fc.property(someSeed, someIndex, someDay, (seed, from, day) => {
        const one = population(seed);
        for (let index = from; index < from + 30; index++)
          for (const session of one.dayPlan(index, day, 1)) {
            const hours =
              Math.floor((session.burstMs as number) / HOUR_MS) -
              Math.floor((endMs(session) + OVERSHOOT_MS) / HOUR_MS);
            expect(hours).toBeGreaterThanOrEqual(1);
            expect(hours).toBeLessThanOrEqual(72);
            expect((session.burstMs as number) % HOUR_MS).toBeLessThan(50 * 60_000);
          }
      }),
    );
  });

  test('has the wished share of offline sessions, on mobiles and in cars above all', () => {
    const sessions = planned(population(3), 4_000, MONDAY, 14, 0.2).map(({ session }) => session);
    const isOffline = ({ burstMs }: PlannedSession): boolean => burstMs !== undefined;
    expect(share(sessions, isOffline)).toBeCloseTo(0.2, 1.7);
    const offline = sessions.filter(isOffline);
    expect(share(offline, ({ device }) => device === 0 || device === 5)).toBeGreaterThan(0.85);
    expect(
      share(offline, ({ burstMs, ...rest }) => (burstMs as number) - endMs(rest as PlannedSession) < DAY_MS),
    ).toBeGreaterThan(0.85);
    expect(planned(population(3), 500, MONDAY, 7, 0).some(({ session }) => isOffline(session))).toBe(false);
    expect(planned(population(3), 500, MONDAY, 7, 1).every(({ session }) => isOffline(session))).toBe(true);
  });

  test('is the same whether sessions are late or not, but for their arrival', () => {
    const times = (rate: number): number[] =>
      planned(population(9), 800, MONDAY, 7, rate).flatMap(({ session }) => [
        session.startMs,
        session.budgetMs,
      ]);
    expect(times(0.5)).toEqual(times(0));
  });
});

describe('the sessions of a window', () => {
  /** What is planned for all the days from which something could arrive. */
  function expectedIn(of: Population, index: number, startMs: number, untilMs: number, rate: number) {
    const found: PlannedSession[] = [];
    const today = Math.floor(startMs / DAY_MS);
    for (let day = today - Math.ceil(LATEST_BURST_MS / DAY_MS) - 3; day <= today + 2; day++)
      for (const session of of.dayPlan(index, day, rate)) {
        const { burstMs } = session;
        if (
          burstMs === undefined
            ? session.startMs < untilMs && endMs(session) + OVERSHOOT_MS > startMs
            : burstMs >= startMs && burstMs < untilMs
        )
          found.push(session);
      }
    return found;
  }

  test('are those of the day plans', () => {
    let sessions = 0;
    fc.assert(
      fc.property(
        someSeed,
        someIndex,
        someDay,
        fc.integer({ min: 0, max: 23 }),
        someRate,
        (seed, from, day, hour, rate) => {
          const one = population(seed);
          const plain = population(seed);
          const startMs = day * DAY_MS + hour * HOUR_MS;
          for (let index = from; index < from + 60; index++) {
            const found = one.sessionsIn(index, startMs, startMs + HOUR_MS, rate);
            expect(found).toEqual(expectedIn(plain, index, startMs, startMs + HOUR_MS, rate));
            sessions += found.length;
          }
        },
      ),
      { numRuns: 150 },
    );
    expect(sessions).toBeGreaterThan(150);
  });

  test('cover every session: each arrives in some window, an offline one in exactly one', () => {
    const one = population(5);
    const arrivals = new Map<number, number>();
    for (let hour = 0; hour < 8 * 24; hour++)
      for (let index = 0; index < 150; index++)
        for (const session of one.sessionsIn(
          index,
          MONDAY * DAY_MS + hour * HOUR_MS,
          MONDAY * DAY_MS + (hour + 1) * HOUR_MS,
          0.4,
        ))
          arrivals.set(session.startMs + index, (arrivals.get(session.startMs + index) ?? 0) + 1);
    let offline = 0;
    for (const { listener, session } of planned(one, 150, MONDAY + 1, 3, 0.4)) {
      const times = arrivals.get(session.startMs + listener.index) ?? 0;
      if (session.burstMs === undefined) expect(times).toBeGreaterThanOrEqual(1);
      else {
        expect(times).toBe(1);
        offline++;
      }
    }
    expect(offline).toBeGreaterThan(50);
  });
});
