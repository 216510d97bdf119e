import { describe, expect, test, vi } from 'vitest';
import {
  COUNTRIES,
  DAY_MS,
  dateIn,
  HOUR_MS,
  localHour,
  weekdayOf,
} from '../../../generator/listeners/geography.ts';
import { HABITS } from '../../../generator/listeners/habits.ts';
import { type Listener } from '../../../generator/listeners/population.ts';
import { AGE_BANDS } from '../../../generator/listeners/traits.ts';
import { population, MONDAY, endMs, type Heard, planned, share } from './planned.ts';

// A busy machine may need seconds for some hundred thousand days.
vi.setConfig({ testTimeout: 60_000 });

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
