import { unitAt } from '../random.ts';
import type { Genre } from './genres.ts';

/** Every evergreen came out before this day: the catalogue knows no clock. */
const LAST_DAY = Date.UTC(2026, 0, 1) / 86_400_000 - 1;
/** Since 10 July 2015 new music comes out on Fridays all over the world. */
const GLOBAL_RELEASE_DAY = Date.UTC(2015, 6, 10) / 86_400_000;

const YEAR = 365.25;
/** Mean years since an artist's first album: with it half of the tracks came out within the last six years. */
const MEAN_DEBUT_YEARS = 15;
const MEAN_CAREER_YEARS = 14;
const LONGEST_CAREER_DAYS = 45 * YEAR;

const SALT = { size: 0x51, debut: 0x52, career: 0x53, jitter: 0x54, friday: 0x55 };

/** How many tracks an album holds; one that holds a single track is a single. */
export function albumSize(key: number, artist: number, album: number): number {
  const unit = unitAt(key ^ Math.imul(artist + 1, 0x27d4eb2f), album, SALT.size);
  if (unit < 0.42) return 1;
  if (unit < 0.58) return 4 + Math.floor((unit - 0.42) * 18.7);
  return 8 + Math.floor((unit - 0.58) * 16.6);
}

/** An exponential number that stays below a bound: drawn anew, as it were, not cut off, so that nothing piles up there. */
function exponentialBelow(most: number, mean: number, unit: number): number {
  return -mean * Math.log(1 - unit * (1 - Math.exp(-most / mean)));
}

/** Days from an artist's first album to the last day of the evergreens. */
function debutAgeOf(key: number, artist: number, genre: Genre): number {
  const most = LAST_DAY - Date.UTC(genre.since, 0, 1) / 86_400_000;
  return exponentialBelow(most, MEAN_DEBUT_YEARS * YEAR * genre.age, unitAt(key, artist, SALT.debut));
}

/** Whether an artist's first album lies so far back that nothing new is to be expected on that day. */
export function isRetired(key: number, artist: number, genre: Genre, day: number): boolean {
  return day - (LAST_DAY - debutAgeOf(key, artist, genre)) > LONGEST_CAREER_DAYS;
}

export interface Album {
  /** Its place among the tracks of its artist, and that of the first track after it. */
  start: number;
  end: number;
  /** Days since 1970. */
  releaseDay: number;
}

/** The album that holds the `place`th of an artist's `size` tracks: albums follow one another in time. */
export function albumHolding(key: number, artist: number, size: number, place: number, genre: Genre): Album {
  let start = 0;
  let end = 0;
  let ordinal = 0;
  let albums = 0;
  for (let at = 0; at < size; albums++) {
    const next = Math.min(at + albumSize(key, artist, albums), size);
    if (at <= place && place < next) [start, end, ordinal] = [at, next, albums];
    at = next;
  }
  const debutAge = debutAgeOf(key, artist, genre);
  const career = exponentialBelow(
    LONGEST_CAREER_DAYS,
    MEAN_CAREER_YEARS * YEAR,
    unitAt(key, artist, SALT.career),
  );
  const jitter = unitAt(key ^ Math.imul(artist + 1, 0x27d4eb2f), ordinal, SALT.jitter);
  const age = debutAge - (Math.min(career, debutAge) * (ordinal + jitter)) / albums;
  let releaseDay = Math.floor(LAST_DAY - age);
  if (releaseDay >= GLOBAL_RELEASE_DAY && unitAt(key, artist * 64 + ordinal, SALT.friday) < 0.93) {
    releaseDay -= (releaseDay - GLOBAL_RELEASE_DAY) % 7;
  }
  return { start, end, releaseDay };
}
