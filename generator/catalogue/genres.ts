export interface Genre {
  name: string;
  /** Share of the artists, and so about the share of plays, in percent. */
  share: number;
  /** How often a release of the genre is marked as explicit. */
  explicit: number;
  medianSeconds: number;
  /** Standard deviation of the logarithm of a track's length. */
  lengthSpread: number;
  /** Age of what is listened to, compared with that of all genres. */
  age: number;
  /** Nothing of the genre came out before this year; of what is older than the catalogue, 1950. */
  since: number;
}

/** The index of a genre is what typed arrays hold of it. */
export const GENRES: readonly Genre[] = [
  { name: 'pop', share: 18, explicit: 0.12, medianSeconds: 195, lengthSpread: 0.2, age: 0.9, since: 1950 },
  {
    name: 'hip-hop',
    share: 14,
    explicit: 0.62,
    medianSeconds: 178,
    lengthSpread: 0.25,
    age: 0.7,
    since: 1979,
  },
  { name: 'rock', share: 12, explicit: 0.06, medianSeconds: 228, lengthSpread: 0.27, age: 1.6, since: 1954 },
  { name: 'latin', share: 9, explicit: 0.25, medianSeconds: 196, lengthSpread: 0.22, age: 0.8, since: 1950 },
  {
    name: 'electronic',
    share: 8,
    explicit: 0.05,
    medianSeconds: 218,
    lengthSpread: 0.32,
    age: 0.9,
    since: 1968,
  },
  { name: 'indie', share: 7.5, explicit: 0.1, medianSeconds: 214, lengthSpread: 0.24, age: 0.9, since: 1978 },
  { name: 'r&b', share: 6, explicit: 0.3, medianSeconds: 199, lengthSpread: 0.24, age: 0.9, since: 1950 },
  { name: 'country', share: 5, explicit: 0.04, medianSeconds: 204, lengthSpread: 0.18, age: 1, since: 1950 },
  {
    name: 'metal',
    share: 3.5,
    explicit: 0.12,
    medianSeconds: 262,
    lengthSpread: 0.32,
    age: 1.2,
    since: 1970,
  },
  { name: 'k-pop', share: 3, explicit: 0.02, medianSeconds: 190, lengthSpread: 0.14, age: 0.5, since: 1992 },
  { name: 'folk', share: 2.5, explicit: 0.03, medianSeconds: 215, lengthSpread: 0.25, age: 1.1, since: 1950 },
  { name: 'jazz', share: 2.5, explicit: 0.01, medianSeconds: 271, lengthSpread: 0.4, age: 1.9, since: 1950 },
  {
    name: 'afrobeats',
    share: 2,
    explicit: 0.15,
    medianSeconds: 183,
    lengthSpread: 0.22,
    age: 0.5,
    since: 1999,
  },
  { name: 'classical', share: 2, explicit: 0, medianSeconds: 262, lengthSpread: 0.55, age: 1.8, since: 1950 },
  { name: 'soul', share: 2, explicit: 0.05, medianSeconds: 207, lengthSpread: 0.25, age: 1.8, since: 1957 },
  { name: 'punk', share: 1.5, explicit: 0.2, medianSeconds: 168, lengthSpread: 0.28, age: 1.3, since: 1974 },
  { name: 'reggae', share: 1, explicit: 0.08, medianSeconds: 223, lengthSpread: 0.22, age: 1.5, since: 1968 },
  { name: 'ambient', share: 0.5, explicit: 0, medianSeconds: 244, lengthSpread: 0.5, age: 0.8, since: 1975 },
];

export function genreAt(genre: number): Genre {
  return GENRES[genre] as Genre;
}

const SHORTEST_MS = 45_000;
const LONGEST_MS = 1_200_000;

/** Length of a track, in whole milliseconds, of a standard normal number. */
export function lengthMs(genre: Genre, normal: number): number {
  const ms = Math.round(genre.medianSeconds * 1_000 * Math.exp(genre.lengthSpread * normal));
  return Math.min(Math.max(ms, SHORTEST_MS), LONGEST_MS);
}
