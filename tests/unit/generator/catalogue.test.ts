import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CatalogueTrack } from '../../../contracts/lake.ts';
import {
  type Catalogue,
  catalogueOf,
  EVERGREENS,
  RELEASES_A_WEEK,
} from '../../../generator/catalogue/catalogue.ts';
import type { Chart } from '../../../generator/catalogue/chart.ts';
import { GENRES } from '../../../generator/catalogue/genres.ts';
import { rankWeights } from '../../../generator/catalogue/popularity.ts';
import { orderOf } from '../../../generator/catalogue/radix-order.ts';
import { viralOf, viralWeight } from '../../../generator/catalogue/virals.ts';
import { Random } from '../../../generator/random.ts';

const SEED = 7;
const FIRST_FRIDAY = 10_956;
const dayOf = (date: string): number => Date.parse(date) / 86_400_000;
const DAY = dayOf('2026-01-05');

const catalogue = catalogueOf(SEED);
const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const day = fc.integer({ min: dayOf('1990-01-01'), max: dayOf('2100-01-01') });
const evergreen = fc.integer({ min: 0, max: EVERGREENS - 1 });
const release = fc.integer({ min: EVERGREENS, max: EVERGREENS + RELEASES_A_WEEK * 5_200 });
const track = fc.oneof(evergreen, release);

const weekOf = (release: number): number => Math.floor((release - EVERGREENS) / RELEASES_A_WEEK);
const fridayOf = (release: number): number => FIRST_FRIDAY + weekOf(release) * 7;
const weightOf = (chart: Chart, track: number): number => chart.weights[chart.tracks.indexOf(track)] ?? 0;
const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, number) => total + number, 0);
const placeOf = (chart: Chart, track: number): number => {
  const own = weightOf(chart, track);
  return 1 + chart.weights.filter((weight) => weight > own).length;
};

test('a seed has one catalogue, whatever was asked for before; another seed another', () => {
  const some = (catalogue: Catalogue): unknown => {
    const random = new Random('some');
    return Array.from({ length: 60 }, () => {
      const chart = catalogue.chartOn(DAY + random.below(8));
      const refs = [
        catalogue.byPopularity(random.unit()),
        catalogue.inGenre(random.below(catalogue.genres.length), random.unit()),
        catalogue.ofArtist(random.below(40_000), random.unit()),
        chart.current(random.unit()),
        chart.top(random.unit()),
      ];
      return refs.map((ref) => [catalogue.describe(ref), catalogue.skipBias(ref)]);
    });
  };
  const before = some(catalogueOf(SEED));
  for (const other of [1, 2]) catalogueOf(other);
  const rebuilt = catalogueOf(SEED);
  expect(rebuilt).not.toBe(catalogue);
  rebuilt.chartOn(dayOf('2031-05-05'));
  rebuilt.describe(EVERGREENS + 1_000);
  expect(some(rebuilt)).toEqual(before);
  expect(rebuilt.playlistNames).toEqual(catalogue.playlistNames);
  expect(some(catalogueOf(1))).not.toEqual(before);
});

test('every track is described by its contract, and as the other questions about it are answered', () => {
  fc.assert(
    fc.property(track, (track) => {
      const described = CatalogueTrack.parse(catalogue.describe(track));
      expect(described.track_id).toBe(`t-${String(track).padStart(7, '0')}`);
      expect(described.duration_ms).toBe(catalogue.durationMs(track));
      expect(described.duration_ms).toBeGreaterThanOrEqual(45_000);
      expect(described.duration_ms).toBeLessThanOrEqual(1_200_000);
      expect(described.genre).toBe(catalogue.genres[catalogue.genreOf(track)]);
      const artist = catalogue.artistOf(track);
      expect(described.artist_id).toBe(`a-${String(artist).padStart(5, '0')}`);
      const another = catalogue.describe(catalogue.ofArtist(artist, 0.5));
      expect(another.artist_name).toBe(described.artist_name);
      expect(another.genre).toBe(described.genre);
    }),
    { numRuns: 2_000 },
  );
});

test('an album is of one artist, one day and one name', () => {
  const albums = new Map<string, CatalogueTrack>();
  const sizes = new Map<string, number>();
  const refs = [
    ...Array.from({ length: 400 }, (_, step) => catalogue.ofArtist(3, step / 400)),
    ...Array.from(
      { length: RELEASES_A_WEEK * 20 },
      (_, place) => EVERGREENS + 1_300 * RELEASES_A_WEEK + place,
    ),
  ];
  for (const ref of new Set(refs)) {
    const track = catalogue.describe(ref);
    const album = albums.get(track.album_id) ?? track;
    albums.set(track.album_id, album);
    sizes.set(track.album_id, (sizes.get(track.album_id) ?? 0) + 1);
    for (const field of ['artist_id', 'album_name', 'release_date', 'genre'] as const) {
      expect(track[field]).toBe(album[field]);
    }
  }
  expect(Math.max(...sizes.values())).toBeGreaterThanOrEqual(8);
  expect([...sizes.values()].filter((size) => size === 1).length).toBeGreaterThan(sizes.size / 4);
});

test('names differ, and half of the standing catalogue came out within six years', () => {
  const tracks = Array.from({ length: 4_000 }, (_, step) => catalogue.describe(step * 100));
  expect(new Set(tracks.map(({ track_title }) => track_title)).size).toBeGreaterThan(3_000);
  const artists = new Map(tracks.map(({ artist_id, artist_name }) => [artist_id, artist_name]));
  expect(new Set(artists.values()).size).toBeGreaterThan(artists.size * 0.9);
  const dates = tracks.map(({ release_date }) => release_date).sort();
  expect(dates[2_000]! > '2019-06' && dates[2_000]! < '2021-01').toBe(true);
  expect(dates[0]! >= '1950').toBe(true);
  expect(dates.at(-1)! < '2026').toBe(true);
});

test('dates are spread from the first year of a genre on, and an artist works for some 45 years', () => {
  const counts = new Map<string, number>();
  const works = new Map<string, [first: number, last: number]>();
  const releases = Array.from({ length: 5_000 }, (_, step) => EVERGREENS + 1_354 * RELEASES_A_WEEK - step);
  const evergreens = Array.from({ length: EVERGREENS / 4 }, (_, step) => step * 4);
  for (const ref of [...evergreens, ...releases]) {
    const { release_date, genre, artist_id } = catalogue.describe(ref);
    const year = Number(release_date.slice(0, 4));
    const { since } = GENRES.find(({ name }) => name === genre)!;
    if (year < since) expect.fail(`${genre} of ${year}`);
    if (year < 2015) counts.set(release_date, (counts.get(release_date) ?? 0) + 1);
    const [first, last] = works.get(artist_id) ?? [year, year];
    works.set(artist_id, [Math.min(first, year), Math.max(last, year)]);
  }
  expect(Math.max(...counts.values())).toBeLessThan(40);
  const spans = [...works.values()].map(([first, last]) => last - first);
  expect(Math.max(...spans)).toBeGreaterThan(25);
  expect(spans.filter((years) => years > 46).length).toBeLessThan(5);
});

test('draws of an artist and of a genre stay with them', () => {
  fc.assert(
    fc.property(fc.nat(49_999), fc.nat(catalogue.genres.length - 1), unit, (artist, genre, unit) => {
      expect(catalogue.artistOf(catalogue.ofArtist(artist, unit))).toBe(artist);
      expect(catalogue.genreOf(catalogue.inGenre(genre, unit))).toBe(genre);
      expect(catalogue.inGenre(genre, unit)).toBeLessThan(EVERGREENS);
      expect(catalogue.genreOf(catalogue.chartOn(DAY).currentInGenre(genre, unit))).toBe(genre);
    }),
    { numRuns: 2_000 },
  );
});

test('a draw by genre is as likely as a draw of all that falls on the genre', () => {
  const random = new Random('by genre');
  const draws = 200_000;
  const share = (draw: () => number): number[] => {
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < draws; i++) {
      const rank = draw();
      counts[rank < 100 ? 0 : rank < 2_000 ? 1 : rank < 60_000 ? 2 : 3]! += 1 / draws;
    }
    return counts;
  };
  const all = share(() => catalogue.byPopularity(random.unit()));
  const byGenre = share(() => catalogue.inGenre(catalogue.genreShares.at(random.unit()), random.unit()));
  for (const [band, part] of all.entries()) expect(Math.abs(part - byGenre[band]!)).toBeLessThan(0.006);
  expect(all[0]).toBeCloseTo(sum(rankWeights().subarray(0, 100)), 2);
});

test('an artist is heard by the popularity of the tracks', () => {
  const artist = catalogue.artistOf(0);
  const random = new Random('artist');
  const counts = new Map<number, number>();
  for (let i = 0; i < 20_000; i++) {
    const ref = catalogue.ofArtist(artist, random.unit());
    counts.set(ref, (counts.get(ref) ?? 0) + 1);
  }
  const weights = rankWeights();
  const total = sum([...counts.keys()].map((ref) => weights[ref]!));
  expect(counts.get(0)! / 20_000).toBeCloseTo(weights[0]! / total, 1);
});

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

test('the bias of a track is small, symmetric, and its mean is zero', () => {
  const biases = Array.from({ length: 20_000 }, (_, rank) => catalogue.skipBias(rank));
  expect(Math.max(...biases.map(Math.abs))).toBeLessThanOrEqual(0.12);
  expect(Math.max(...biases)).toBeGreaterThan(0.11);
  expect(sum(biases) / biases.length).toBeCloseTo(0, 10);
  const weights = rankWeights();
  expect(Math.abs(sum(biases.map((bias, rank) => bias * weights[rank]!)))).toBeLessThan(0.001);
});

test('playlist names are JSON strings, a byte a character', () => {
  const names = catalogue.playlistNames.map(
    (quoted) => JSON.parse(Buffer.from(quoted, 'latin1').toString('utf8')) as unknown,
  );
  expect(names.length).toBeGreaterThan(100);
  for (const name of names) expect(name).toBeTypeOf('string');
  expect(new Set(names).size).toBeGreaterThan(names.length / 2);
});

test('keys are put in order, equal ones as they stood', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 2 ** 26 - 1 })), (keys) => {
      const expected = keys.map((_, index) => index).sort((a, b) => keys[a]! - keys[b]! || a - b);
      expect([...orderOf(Int32Array.from(keys))]).toEqual(expected);
    }),
  );
});
