import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { AliasTable } from '../../../generator/alias-table.ts';
import { LATEST_BURST_MS, OVERSHOOT_MS, SESSION_GAP_MS } from '../../../generator/listeners/day-plan.ts';
import {
  COUNTRIES,
  DAY_MS,
  dateIn,
  HOUR_MS,
  instantOf,
  localHour,
  weekdayOf,
} from '../../../generator/listeners/geography.ts';
import { HABITS } from '../../../generator/listeners/habits.ts';
import { type Listener, type PlannedSession, Population } from '../../../generator/listeners/population.ts';
import { AGE_BANDS } from '../../../generator/listeners/traits.ts';

// A busy machine may need seconds for some hundred thousand days.
vi.setConfig({ testTimeout: 60_000 });

const GENRES = new AliasTable([8, 5, 4, 3, 2, 2, 1, 1]);
const population = (seed: number): Population => new Population(seed, GENRES);

const dayOf = (date: string): number => Date.parse(date) / DAY_MS;
const MONDAY = dayOf('2026-01-05');
const EARLIEST = dayOf('2000-02-01');
const LATEST = dayOf('2097-12-01');

/** Days around the changes of the clocks are asked for as often as all the others. */
const CHANGES = ['2026-03-08', '2026-03-29', '2026-10-25', '2026-11-01'].map(dayOf);
const someDay = fc.oneof(
  fc.integer({ min: EARLIEST, max: LATEST }),
  fc.tuple(fc.constantFrom(...CHANGES), fc.integer({ min: -2, max: 2 })).map(([day, more]) => day + more),
);
const someSeed = fc.integer({ min: 0, max: 0x7fffffff });
const someIndex = fc.integer({ min: 0, max: 20_000_000 });
const someRate = fc.constantFrom(0, 0.01, 0.3, 1);

const endMs = ({ startMs, budgetMs }: PlannedSession): number => startMs + budgetMs;

interface Heard {
  listener: Listener;
  session: PlannedSession;
}

/** All that is planned by the first `slots` slots. */
function planned(of: Population, slots: number, firstDay: number, days: number, lateRate = 0): Heard[] {
  const heard: Heard[] = [];
  for (let index = 0; index < slots; index++)
    for (let day = firstDay; day < firstDay + days; day++)
      for (const session of of.dayPlan(index, day, lateRate))
        heard.push({ listener: of.listener(index, day) as Listener, session });
  return heard;
}

const share = <T>(of: readonly T[], test: (one: T) => boolean): number => of.filter(test).length / of.length;

describe('time', () => {
  test('clocks change where they change', () => {
    const hourAt = (code: string, at: string): number =>
      localHour(
        COUNTRIES.findIndex((country) => country.code === code),
        Date.parse(at),
      );
    expect(hourAt('SE', '2026-01-05T08:00Z')).toBe(9);
    expect(hourAt('SE', '2026-03-29T00:59Z')).toBe(1);
    expect(hourAt('SE', '2026-03-29T01:00Z')).toBe(3);
    expect(hourAt('SE', '2026-10-25T01:00Z')).toBe(2);
    expect(hourAt('US', '2026-03-08T07:59Z')).toBe(1);
    expect(hourAt('US', '2026-03-08T08:00Z')).toBe(3);
    expect(hourAt('US', '2026-11-01T06:59Z')).toBe(1);
    expect(hourAt('US', '2026-11-01T07:00Z')).toBe(1);
    expect(hourAt('CA', '2026-07-05T08:00Z')).toBe(4);
    expect(hourAt('IN', '2026-07-05T08:00Z')).toBe(13);
  });

  test('agrees with the runtime about every zone', () => {
    const zones = { US: 'America/Chicago', DE: 'Europe/Berlin', GB: 'Europe/London', JP: 'Asia/Tokyo' };
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.entries(zones)),
        fc.integer({ min: Date.UTC(2008, 0, 1), max: Date.UTC(2030, 0, 1) }),
        ([code, timeZone], at) => {
          const country = COUNTRIES.findIndex((one) => one.code === code);
          const wall = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', hourCycle: 'h23' });
          expect(localHour(country, at)).toBe(Number(wall.format(at)));
        },
      ),
    );
  });

  test('an hour of a date is found again', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: COUNTRIES.length - 1 }),
        someDay,
        fc.integer({ min: 4, max: 23 }),
        (country, day, hour) => {
          const at = instantOf(country, day, hour);
          expect([dateIn(country, at), localHour(country, at)]).toEqual([day, hour]);
          expect([dateIn(country, at - 1), localHour(country, at - 1)]).toEqual([day, hour - 1]);
        },
      ),
    );
    expect(weekdayOf(MONDAY)).toBe(0);
  });
});

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

describe('listeners', () => {
  test('are the same whenever they are asked for', () => {
    const one = population(1);
    const other = population(1);
    for (let index = 300; index >= 0; index--) other.sessionsIn(index, 1.7e12, 1.7e12 + HOUR_MS, 0.01);
    for (let index = 0; index < 300; index++) {
      expect(JSON.stringify(other.listener(index, MONDAY))).toBe(JSON.stringify(one.listener(index, MONDAY)));
      expect(other.dayPlan(index, MONDAY, 0.01)).toEqual(one.dayPlan(index, MONDAY, 0.01));
    }
    expect(population(2).dayPlan(7, MONDAY, 0)).not.toEqual(population(1).dayPlan(7, MONDAY, 0));
  });

  test('have traits within their bounds', () => {
    const one = population(4);
    const all: Listener[] = [];
    for (let index = 0; index < 8_000; index++) {
      const listener = one.listener(index, MONDAY);
      if (listener) all.push(listener);
    }
    expect(all.length).toBeGreaterThan(5_000);
    const mean = (of: (listener: Listener) => number): number =>
      all.reduce((sum, listener) => sum + of(listener), 0) / all.length;
    for (const listener of all) {
      expect(listener.listenerId).toMatch(/^l-[0-9a-f]{16}$/);
      expect(listener.countryCode).toBe(COUNTRIES[listener.country]?.code);
      expect(AGE_BANDS).toContain(listener.ageBand);
      expect(new Set(listener.genres).size).toBe(listener.genres.length);
      expect(listener.genres.length >= 1 && listener.genres.length <= 5).toBe(true);
      for (const unit of [0, 0.5, 0.999_999_999])
        expect(listener.genres).toContain(listener.tasteGenre(unit));
      expect(listener.tasteGenre(0)).toBe(listener.genres[0]);
      expect(Math.abs(listener.skipBias)).toBeLessThanOrEqual(0.2);
      expect(listener.repertoire >= 20 && listener.repertoire <= 800).toBe(true);
      expect(listener.exploration >= 0.005 && listener.exploration <= 0.1).toBe(true);
    }
    expect(new Set(all.map(({ listenerId }) => listenerId)).size).toBe(all.length);
    expect(mean(({ skipBias }) => skipBias)).toBeCloseTo(0, 2);
    expect(mean(({ likeFactor }) => likeFactor)).toBeCloseTo(1, 1);
    expect(mean(({ playlistFactor }) => playlistFactor)).toBeCloseTo(1, 0.8);
    expect(share(all, ({ habit }) => habit === 1)).toBeCloseTo(0.24, 1.5);
    expect(share(all, ({ countryCode }) => countryCode === 'US')).toBeCloseTo(24 / 105, 1.5);
  });

  test('differ by habit in age and device', () => {
    const heard = planned(population(6), 6_000, MONDAY, 7);
    const of = (name: string): Heard[] =>
      heard.filter(({ listener }) => HABITS[listener.habit]?.name === name);
    const young = ({ listener }: Heard): boolean => ['13-17', '18-24'].includes(listener.ageBand);
    expect(share(of('night_owls'), young)).toBeGreaterThan(share(of('early_birds'), young) + 0.2);
    const onDesktop = ({ session }: Heard): boolean => session.device === 1;
    expect(share(of('working_hours'), onDesktop)).toBeGreaterThan(1.5 * share(of('early_birds'), onDesktop));
    expect(share(heard, ({ session }) => session.device === 0)).toBeGreaterThan(0.5);
    expect(share(heard, ({ session }) => session.device === 0)).toBeLessThan(0.62);
    const time = (some: readonly Heard[]): number =>
      some.reduce((sum, { session }) => sum + session.budgetMs, 0);
    const premium = time(heard.filter(({ listener }) => listener.isPremium)) / time(heard);
    expect(premium).toBeGreaterThan(0.75);
    expect(premium).toBeLessThan(0.83);
  });
});

describe('eras', () => {
  const SLOTS = 3_000;

  function presence(day: number): Map<number, string> {
    const one = population(8);
    const there = new Map<number, string>();
    for (let index = 0; index < SLOTS; index++) {
      const listener = one.listener(index, day);
      if (listener) there.set(index, listener.listenerId);
    }
    return there;
  }

  test('bring new listeners and let others go, steeply at first, and the house stays as full', () => {
    const days = [0, 30, 90, 365, 1_095].map((more) => presence(MONDAY + more));
    const [first] = days as [Map<number, string>];
    const kept = days.map((there) => share([...first], ([index, id]) => there.get(index) === id));
    for (const [place, there] of days.entries()) {
      expect(there.size / SLOTS).toBeGreaterThan(0.74);
      expect(there.size / SLOTS).toBeLessThan(0.84);
      if (place > 0) expect(kept[place]).toBeLessThan(kept[place - 1] as number);
    }
    expect(kept[1]).toBeGreaterThan(0.7);
    expect(kept[4]).toBeGreaterThan(0.1);
    expect(kept[4]).toBeLessThan(0.6);
    // Of those who arrive in one month, few are there a year later.
    const before = presence(MONDAY - 30);
    const arrived = [...first].filter(([index, id]) => before.get(index) !== id);
    const newcomers = arrived.filter(([index]) => population(8).listener(index, MONDAY - 60) === undefined);
    expect(newcomers.length).toBeGreaterThan(20);
    const stillThere = (month: Map<number, string>): number =>
      share(newcomers, ([index, id]) => month.get(index) === id);
    expect(stillThere(days[3] as Map<number, string>)).toBeLessThan(kept[3] as number);
  });

  test('never give a name twice, and are whole but for quiet spells', () => {
    const one = population(8);
    const names = new Set<string>();
    let eras = 0;
    let quiet = 0;
    let present = 0;
    for (let index = 0; index < 150; index++) {
      let last: string | undefined;
      let silence = 0;
      for (let day = MONDAY; day < MONDAY + 1_500; day++) {
        const id = one.listener(index, day)?.listenerId;
        if (id === undefined) silence++;
        else {
          present++;
          if (id === last) quiet += silence;
          else {
            eras++;
            expect(names.has(id)).toBe(false);
            names.add(id);
          }
          silence = 0;
          last = id;
        }
      }
    }
    expect(eras).toBeGreaterThan(300);
    expect(quiet / present).toBeGreaterThan(0.03);
    expect(quiet / present).toBeLessThan(0.15);
  });
});

describe('the rhythm', () => {
  const heard = planned(population(11), 25_000, MONDAY, 7);

  /** Minutes listened by local hour: what plays follow. */
  function minutes(where: (one: Heard, weekday: number) => boolean): number[] {
    const hours = Array.from({ length: 24 }, () => 0);
    for (const one of heard) {
      const { listener, session } = one;
      for (let at = session.startMs + 60_000; at < endMs(session); at += 120_000)
        if (where(one, weekdayOf(dateIn(listener.country, at)))) hours[localHour(listener.country, at)]! += 2;
    }
    const total = hours.reduce((sum, part) => sum + part, 0);
    return hours.map((part) => part / total);
  }
  const peak = (hours: readonly number[], from: number, to: number): number =>
    hours.indexOf(Math.max(...hours.slice(from, to)));

  test('of a weekend has the published bands', () => {
    const hours = minutes((_, weekday) => weekday >= 5);
    const band = (from: number, to: number): number =>
      hours.slice(from, to).reduce((sum, part) => sum + part, 0);
    const observed = [band(0, 5), band(5, 10), band(10, 16), band(16, 20), band(20, 24)];
    for (const [place, wished] of [0.099, 0.086, 0.353, 0.252, 0.21].entries())
      expect(Math.abs((observed[place] as number) - wished)).toBeLessThan(0.01);
  });

  test('of weekdays has its trough at two, its peaks at nine and at six, on mobiles an hour before desktops', () => {
    const all = minutes((_, weekday) => weekday < 5);
    const on = (device: number): number[] =>
      minutes(({ session }, weekday) => weekday < 5 && session.device === device);
    expect([1, 2, 3]).toContain(all.indexOf(Math.min(...all)));
    expect(peak(all, 5, 13)).toBe(9);
    expect(peak(all, 15, 24)).toBe(18);
    expect(peak(on(0), 5, 13)).toBe(9);
    expect(peak(on(1), 5, 13)).toBe(10);
    expect(peak(on(1), 15, 24)).toBeGreaterThan(peak(on(0), 15, 24) - 1);
  });

  test('differs between habits', () => {
    const of = (name: string): number[] =>
      minutes(({ listener }, weekday) => weekday < 5 && HABITS[listener.habit]?.name === name);
    const between = (hours: readonly number[], from: number, to: number): number =>
      hours.slice(from, to).reduce((sum, part) => sum + part, 0);
    expect(between(of('early_birds'), 4, 9)).toBeGreaterThan(3 * between(of('evenings'), 4, 9));
    expect(between(of('working_hours'), 9, 17)).toBeGreaterThan(1.3 * between(of('evenings'), 9, 17));
    expect(between(of('evenings'), 18, 23)).toBeGreaterThan(1.5 * between(of('working_hours'), 18, 23));
    expect(between(of('night_owls'), 0, 4)).toBeGreaterThan(3 * between(of('all_day'), 0, 4));
  });

  test('is foreseen by the hour', () => {
    const one = population(11);
    const monday = MONDAY * DAY_MS;
    const hours = Array.from({ length: 168 }, () => 0);
    // The week is taken as a circle: what is heard before or after it is heard in it as well.
    for (const { session } of heard)
      for (let at = session.startMs + 60_000; at < endMs(session); at += 120_000)
        hours[(Math.floor((at - monday) / HOUR_MS) + 168) % 168]! += 2;
    const total = hours.reduce((sum, part) => sum + part, 0);
    const foreseen = hours.map((_, hour) => one.expectedRecords(monday + hour * HOUR_MS));
    const whole = foreseen.reduce((sum, part) => sum + part, 0);
    for (const [hour, part] of foreseen.entries()) {
      const ratio = (hours[hour] as number) / total / (part / whole);
      expect(ratio).toBeGreaterThan(0.8);
      expect(ratio).toBeLessThan(1.2);
    }
  });
});
