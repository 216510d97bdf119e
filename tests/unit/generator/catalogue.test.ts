import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CatalogueTrack } from '../../../contracts/lake.ts';
import {
  type Catalogue,
  catalogueOf,
  EVERGREENS,
  RELEASES_A_WEEK,
} from '../../../generator/catalogue/catalogue.ts';
import { GENRES } from '../../../generator/catalogue/genres.ts';
import { rankWeights } from '../../../generator/catalogue/popularity.ts';
import { orderOf } from '../../../generator/catalogue/radix-order.ts';
import { Random } from '../../../generator/random.ts';

const SEED = 7;
const dayOf = (date: string): number => Date.parse(date) / 86_400_000;
const DAY = dayOf('2026-01-05');
const catalogue = catalogueOf(SEED);
const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const evergreen = fc.integer({ min: 0, max: EVERGREENS - 1 });
const release = fc.integer({ min: EVERGREENS, max: EVERGREENS + RELEASES_A_WEEK * 5_200 });
const track = fc.oneof(evergreen, release);
const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, number) => total + number, 0);

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
