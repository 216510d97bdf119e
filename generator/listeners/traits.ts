import { AliasTable } from '../alias-table.ts';
import { unitAt } from '../random.ts';
import { COUNTRIES } from './geography.ts';
import { HABITS } from './habits.ts';
import { logNormalQuantiles, normalQuantile, placesOf } from './quantiles.ts';
import { mainDeviceShares } from './rhythm.ts';

export const AGE_BANDS = ['13-17', '18-24', '25-34', '35-44', '45-54', '55+'] as const;
export type AgeBand = (typeof AGE_BANDS)[number];

/** What is constant about a listener. */
export interface Listener {
  index: number;
  listenerId: string;
  /** 32 bits of the listener's own. */
  key: number;
  /** Place in COUNTRIES. */
  country: number;
  countryCode: string;
  /** Place in HABITS. */
  habit: number;
  isPremium: boolean;
  ageBand: AgeBand;
  /** Place in the contract's devices. */
  mainDevice: number;
  /** One to five genres by number, the favourite first. */
  genres: readonly number[];
  /** A genre of the listener's taste. `unit` is uniform on [0, 1). */
  tasteGenre(unit: number): number;
  /** Added to the chance of a skip; symmetric, mean zero, at most 0.2 either way. */
  skipBias: number;
  /** How much more than others they like what they hear, and put it into playlists; mean 1. */
  likeFactor: number;
  playlistFactor: number;
  /** Sessions of a mean day. */
  intensity: number;
  /** How many artists come back. */
  repertoire: number;
  /** Share of plays that go to something never heard. */
  exploration: number;
}

const PREMIUM_SHARE = 0.645;
/** Premium listeners listen that much more: so they make about 80 % of the plays (MSSD). */
const PREMIUM_FACTOR = 2.2;
/** Sessions a day of a listener who is there, on average. */
const MEAN_INTENSITY = 1.4;
const INTENSITY_SPREAD = 0.85;
const MOST_INTENSITY = 6;
/** As many sessions as this fit into a day at most. */
export const MOST_SESSIONS_A_DAY = 12;

const LEVEL_BITS = 10;
const LEVELS = 2 ** LEVEL_BITS;
const PLAN_BITS = 10;
const DEVICE_BITS = 12;

/** Sessions a mean day, of free listeners and then of premium ones, from the lightest to the heaviest. */
const INTENSITIES: Float64Array = (() => {
  const meanFactor = 1 - PREMIUM_SHARE + PREMIUM_SHARE * PREMIUM_FACTOR;
  const freeMedian = MEAN_INTENSITY / meanFactor / Math.exp(INTENSITY_SPREAD ** 2 / 2);
  const free = logNormalQuantiles(LEVELS, freeMedian, INTENSITY_SPREAD);
  return Float64Array.from({ length: 2 * LEVELS }, (_, place) =>
    Math.min(MOST_INTENSITY, (free[place % LEVELS] as number) * (place < LEVELS ? 1 : PREMIUM_FACTOR)),
  );
})();

/** Plan, intensity and main device are parts of one hash: they are needed to know that somebody does not listen. */
export function isPremium(traits: number): boolean {
  return (traits & (2 ** PLAN_BITS - 1)) < PREMIUM_SHARE * 2 ** PLAN_BITS;
}

function levelOf(traits: number): number {
  const level = (traits >>> PLAN_BITS) & (LEVELS - 1);
  return isPremium(traits) ? LEVELS + level : level;
}

/** Sessions of a mean day. */
export function intensityOf(traits: number): number {
  return INTENSITIES[levelOf(traits)] as number;
}

/** Beyond three standard deviations of a good day nobody listens. */
const MOST_SESSIONS = Uint8Array.from(INTENSITIES, (intensity) =>
  Math.min(MOST_SESSIONS_A_DAY, Math.ceil(2 + 1.2 * intensity + 3 * Math.sqrt(intensity))),
);

export function mostSessionsOf(traits: number): number {
  return MOST_SESSIONS[levelOf(traits)] as number;
}

const DEVICES = HABITS.map((_, habit) => placesOf(mainDeviceShares(habit), 2 ** DEVICE_BITS));

/** Place of the main device in the contract's list. */
export function mainDeviceOf(traits: number, habit: number): number {
  return (DEVICES[habit] as Uint8Array)[traits >>> (32 - DEVICE_BITS)] as number;
}

const SALT = {
  age: 1,
  genreCount: 2,
  genre: 3,
  skipping: 10,
  liking: 11,
  collecting: 12,
  repertoire: 13,
  exploration: 14,
} as const;

const AGES = HABITS.map(({ ages }) => new AliasTable(ages));
const GENRE_COUNTS = new AliasTable([14, 26, 30, 19, 11]);
/** Each further genre is that much less heard than the one before. */
const NEXT_GENRE = 0.62;

const LIKE_SPREAD = 0.7;
const PLAYLIST_SPREAD = 1;

function normalAt(key: number, salt: number): number {
  // Never exactly 0 or 1, where the quantile has no end.
  return normalQuantile((Math.floor(unitAt(key, 0, salt) * 65_536) + 0.5) / 65_536);
}

/** Log-normal with mean 1. */
function factorAt(key: number, salt: number, spread: number): number {
  return Math.exp(spread * normalAt(key, salt) - spread ** 2 / 2);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

function tasteOf(key: number, genreShares: AliasTable): number[] {
  const wanted = 1 + GENRE_COUNTS.at(unitAt(key, 0, SALT.genreCount));
  const genres: number[] = [];
  // A few tries: a taste may well be narrower than wanted, but no genre stands in it twice.
  for (let place = 0; place < 2 * wanted && genres.length < wanted; place++) {
    const genre = genreShares.at(unitAt(key, place, SALT.genre));
    if (!genres.includes(genre)) genres.push(genre);
  }
  return genres;
}

const hex = (value: number): string => value.toString(16).padStart(8, '0');

/** Everything about the listener with those two times 32 bits. */
export function describeListener(
  index: number,
  key: number,
  traits: number,
  country: number,
  habit: number,
  genreShares: AliasTable,
): Listener {
  const intensity = intensityOf(traits);
  const genres = tasteOf(key, genreShares);
  // Shares fall like a geometric series: with 1 - NEXT_GENRE ** n as their sum, the inverse is a logarithm.
  const reach = 1 - NEXT_GENRE ** genres.length;
  return {
    index,
    // The slot stands in the pseudonym, so no two listeners of a seed share one.
    listenerId: `l-${hex(index)}${hex(key)}`,
    key,
    country,
    countryCode: (COUNTRIES[country] as { code: string }).code,
    habit,
    isPremium: isPremium(traits),
    ageBand: AGE_BANDS[(AGES[habit] as AliasTable).at(unitAt(key, 0, SALT.age))] as AgeBand,
    mainDevice: mainDeviceOf(traits, habit),
    genres,
    tasteGenre: (unit) => {
      const place = Math.floor(Math.log(1 - unit * reach) / Math.log(NEXT_GENRE));
      return genres[Math.min(place, genres.length - 1)] as number;
    },
    skipBias: clamp(0.08 * normalAt(key, SALT.skipping), -0.2, 0.2),
    likeFactor: factorAt(key, SALT.liking, LIKE_SPREAD),
    playlistFactor: factorAt(key, SALT.collecting, PLAYLIST_SPREAD),
    intensity,
    repertoire: Math.round(
      clamp(160 * intensity ** 0.7 * Math.exp(0.5 * normalAt(key, SALT.repertoire)), 20, 800),
    ),
    exploration: clamp(0.02 * Math.exp(0.7 * normalAt(key, SALT.exploration)), 0.005, 0.1),
  };
}
