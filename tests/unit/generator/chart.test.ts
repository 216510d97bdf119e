import fc from 'fast-check';
import { expect, test } from 'vitest';
import { catalogueOf, EVERGREENS, RELEASES_A_WEEK } from '../../../generator/catalogue/catalogue.ts';
import type { Chart } from '../../../generator/catalogue/chart.ts';
import { rankWeights } from '../../../generator/catalogue/popularity.ts';
import { viralOf, viralWeight } from '../../../generator/catalogue/virals.ts';
import { Random } from '../../../generator/random.ts';

const SEED = 7;
const FIRST_FRIDAY = 10_956;
const dayOf = (date: string): number => Date.parse(date) / 86_400_000;
const DAY = dayOf('2026-01-05');
const catalogue = catalogueOf(SEED);
const day = fc.integer({ min: dayOf('1990-01-01'), max: dayOf('2100-01-01') });
const release = fc.integer({ min: EVERGREENS, max: EVERGREENS + RELEASES_A_WEEK * 5_200 });
const weekOf = (release: number): number => Math.floor((release - EVERGREENS) / RELEASES_A_WEEK);
const fridayOf = (release: number): number => FIRST_FRIDAY + weekOf(release) * 7;
const weightOf = (chart: Chart, track: number): number => chart.weights[chart.tracks.indexOf(track)] ?? 0;
const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, number) => total + number, 0);
const placeOf = (chart: Chart, track: number): number => {
  const own = weightOf(chart, track);
  return 1 + chart.weights.filter((weight) => weight > own).length;
};

test('nothing is in a chart before its Friday, nor two years after', () => {
  fc.assert(
    fc.property(day, (day) => {
      const chart = catalogue.chartOn(day);
      const virals = Array.from({ length: 8 }, (_, back) =>
        viralOf(catalogue.key, Math.floor((day - FIRST_FRIDAY) / 7) - back),
      );
      chart.tracks.forEach((track, at) => {
        if (track < EVERGREENS || virals.some((viral) => viral?.track === track)) return;
        const age = day - fridayOf(track);
        if (!(age >= 0 && age < 104 * 7 && chart.weights[at]! > 0)) expect.fail(`${track} on ${day}`);
      });
      expect(new Set(chart.tracks).size).toBe(chart.tracks.length);
    }),
    { numRuns: 25 },
  );
});

test('releases come on Fridays, and tomorrow knows those of tomorrow', () => {
  fc.assert(
    fc.property(release, (release) => {
      const { release_date } = catalogue.describe(release);
      expect(new Date(release_date).getUTCDay()).toBe(5);
      expect(dayOf(release_date)).toBe(fridayOf(release));
    }),
  );
  const friday = dayOf('2026-01-09');
  const newest = (day: number): number => Math.max(...catalogue.chartOn(day).tracks);
  expect(fridayOf(newest(friday - 1))).toBe(friday - 7);
  expect(fridayOf(newest(friday))).toBe(friday);
});

test('hits rise for one to three weeks, and fade over months', () => {
  const hits = Array.from({ length: 4 }, (_, step) => catalogue.chartOn(DAY + step * 60).topTracks[0]!);
  for (const hit of new Set(hits.filter((track) => track >= EVERGREENS))) {
    const friday = fridayOf(hit);
    const on = (age: number): number => weightOf(catalogue.chartOn(friday + age), hit);
    const rise = Array.from({ length: 25 }, (_, age) => on(age));
    const height = rise.indexOf(Math.max(...rise));
    expect(height).toBeGreaterThanOrEqual(6);
    expect(height).toBeLessThanOrEqual(21);
    for (let age = 1; age < rise.length; age++) {
      if (age <= height) expect(rise[age]).toBeGreaterThanOrEqual(rise[age - 1]!);
      else expect(rise[age]).toBeLessThan(rise[age - 1]!);
    }
    const fall = [0, 14, 60, 120, 365, 600, 705].map((later) => on(height + later) / rise[height]!);
    expect(fall).toEqual(fall.toSorted((a, b) => b - a));
    expect(fall[1]).toBeGreaterThan(0.4);
    expect(fall[4]).toBeLessThan(0.2);
    expect(on(728)).toBe(0);
  }
});

test('now and then an old track of any rank leaps into the first few, for two to three weeks', () => {
  const first = Math.floor((DAY - FIRST_FRIDAY) / 7);
  const virals = Array.from({ length: 400 }, (_, week) => viralOf(catalogue.key, first + week)).filter(
    (viral) => viral !== undefined,
  );
  expect(virals.length).toBeGreaterThan(400 / 3);
  expect(virals.length).toBeLessThan(400 / 2);
  const evergreens = virals.filter(({ track }) => track < EVERGREENS);
  expect(evergreens.filter(({ track }) => track > EVERGREENS / 2).length).toBeGreaterThan(20);
  expect(evergreens.length).toBeLessThan(virals.length);
  for (const viral of virals) {
    const on = (day: number): number => viralWeight(viral, day) / viral.level;
    expect(on(viral.endDay - 1)).toBeLessThan(0.02);
    for (let day = viral.firstDay + viral.riseDays; day < viral.endDay; day++)
      expect(on(day) - on(day + 1)).toBeLessThan(0.25);
  }
  for (const { track, firstDay, endDay, riseDays } of virals.slice(0, 12)) {
    expect(endDay - firstDay).toBeGreaterThanOrEqual(14);
    expect(endDay - firstDay).toBeLessThanOrEqual(21);
    expect(weightOf(catalogue.chartOn(firstDay - 1), track)).toBeLessThan(1e-4);
    expect(placeOf(catalogue.chartOn(firstDay + riseDays), track)).toBeLessThanOrEqual(12);
    expect(weightOf(catalogue.chartOn(endDay), track)).toBeLessThan(1e-4);
  }
});

test('a draw of a chart follows its weights, and the top fifty are its strongest', () => {
  const chart = catalogue.chartOn(DAY);
  const [first] = chart.topTracks;
  const random = new Random('chart');
  const share = (draw: () => number): number => {
    let hits = 0;
    for (let i = 0; i < 50_000; i++) if (draw() === first) hits++;
    return hits / 50_000;
  };
  const expected = weightOf(chart, first!) / sum(chart.weights);
  expect(share(() => chart.current(random.unit()))).toBeCloseTo(expected, 2);
  expect(chart.topTracks).toHaveLength(50);
  const places = Array.from(chart.topTracks, (track) => placeOf(chart, track));
  expect(places).toEqual(Array.from({ length: 50 }, (_, at) => at + 1));
  const drawn = new Set(Array.from({ length: 5_000 }, () => chart.top(random.unit())));
  expect(drawn).toEqual(new Set(chart.topTracks));
});

test('before the first Friday there is still something to draw', () => {
  const chart = catalogue.chartOn(dayOf('1985-03-03'));
  for (const draw of [
    chart.current(0.99),
    chart.top(0.3),
    ...catalogue.genres.map((_, g) => chart.currentInGenre(g, 0.5)),
  ]) {
    expect(draw).toBeLessThan(EVERGREENS);
  }
});

test('the first 100 and the first 1,000 tracks have their share of a day, and a hit leads', () => {
  const CURRENT = 0.235;
  const TOP = 0.015;
  const weights = rankWeights();
  const days = Array.from({ length: 12 }, (_, step) => DAY + step * 41);
  const shares = days.map((day) => {
    const chart = catalogue.chartOn(day);
    const total = sum(chart.weights);
    const top = sum(Array.from(chart.topTracks, (track) => Math.sqrt(weightOf(chart, track))));
    const plays = new Map(
      Array.from(weights.subarray(0, 3_000), (weight, rank) => [rank, weight * (1 - CURRENT - TOP)]),
    );
    const add = (track: number, share: number): unknown => plays.set(track, (plays.get(track) ?? 0) + share);
    chart.tracks.forEach((track, at) => add(track, (CURRENT * chart.weights[at]!) / total));
    for (const track of chart.topTracks) add(track, (TOP * Math.sqrt(weightOf(chart, track))) / top);
    const sorted = [...plays].sort(([, a], [, b]) => b - a);
    return {
      hundred: sum(sorted.slice(0, 100).map(([, share]) => share)),
      thousand: sum(sorted.slice(0, 1_000).map(([, share]) => share)),
      isHit: chart.topTracks.includes(sorted[0]![0]),
    };
  });
  const mean = (of: (share: (typeof shares)[number]) => number): number =>
    sum(shares.map(of)) / shares.length;
  expect(mean(({ hundred }) => hundred)).toBeGreaterThan(0.22);
  expect(mean(({ hundred }) => hundred)).toBeLessThan(0.24);
  expect(mean(({ thousand }) => thousand)).toBeGreaterThan(0.46);
  expect(mean(({ thousand }) => thousand)).toBeLessThan(0.48);
  expect(mean(({ isHit }) => (isHit ? 1 : 0))).toBeGreaterThan(0.75);
});
