import { faker } from '@faker-js/faker/locale/en';
import type { CatalogueTrack } from '../contracts/lake.ts';
import { AliasTable } from './alias-table.ts';
import { hashText, Random } from './random.ts';

const ARTISTS = 2_000;
const TRACKS = 20_000;

/** Every release lies before this day: the catalogue knows no clock. */
const LAST_RELEASE = Date.UTC(2025, 11, 31);
const DAY_MS = 86_400_000;

/** Share of the artists, and how often a track of the genre is explicit. */
const GENRES: readonly { name: string; weight: number; explicit: number; medianSeconds: number }[] = [
  { name: 'pop', weight: 20, explicit: 0.12, medianSeconds: 195 },
  { name: 'hip-hop', weight: 14, explicit: 0.62, medianSeconds: 178 },
  { name: 'rock', weight: 13, explicit: 0.06, medianSeconds: 226 },
  { name: 'electronic', weight: 9, explicit: 0.05, medianSeconds: 218 },
  { name: 'latin', weight: 9, explicit: 0.25, medianSeconds: 196 },
  { name: 'indie', weight: 8, explicit: 0.1, medianSeconds: 214 },
  { name: 'r&b', weight: 6, explicit: 0.3, medianSeconds: 199 },
  { name: 'country', weight: 5, explicit: 0.04, medianSeconds: 204 },
  { name: 'metal', weight: 4, explicit: 0.12, medianSeconds: 262 },
  { name: 'folk', weight: 3, explicit: 0.03, medianSeconds: 215 },
  { name: 'jazz', weight: 3, explicit: 0.01, medianSeconds: 271 },
  { name: 'classical', weight: 3, explicit: 0, medianSeconds: 262 },
  { name: 'soul', weight: 2, explicit: 0.05, medianSeconds: 207 },
  { name: 'ambient', weight: 1, explicit: 0, medianSeconds: 244 },
];

/** Zipf-Mandelbrot: the flattened head keeps the very first track from owning the charts. */
const ZIPF_EXPONENT = 0.95;
const ZIPF_SHIFT = 12;

/** Tracks by rank: index 0 is the most popular. */
export interface Catalogue {
  seed: number;
  tracks: readonly CatalogueTrack[];
  durations: Int32Array;
  popularity: AliasTable;
  /** Genres that have tracks: each its own popularity table over `ranks`. */
  genres: readonly { name: string; ranks: Int32Array; popularity: AliasTable }[];
  /** Index into `genres`, by rank. */
  genreOf: Uint8Array;
  genreShares: AliasTable;
  /** Ranks of the tracks of the same artist, by rank of any of them. */
  artistTracks: ReadonlyMap<string, Int32Array>;
  playlistNames: readonly string[];
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function artistName(random: Random): string {
  switch (random.below(5)) {
    case 0:
      return `The ${capital(faker.word.adjective())} ${capital(faker.word.noun())}s`;
    case 1:
      return `${capital(faker.word.adjective())} ${capital(faker.word.noun())}`;
    case 2:
      return capital(faker.word.noun());
    default:
      return faker.person.fullName();
  }
}

function title(random: Random): string {
  switch (random.below(4)) {
    case 0:
      return capital(faker.word.noun());
    case 1:
      return `${capital(faker.word.verb())} the ${capital(faker.word.noun())}`;
    default:
      return `${capital(faker.word.adjective())} ${capital(faker.word.noun())}`;
  }
}

type Draft = Omit<CatalogueTrack, 'track_id'> & { genre_index: number; appeal: number };

function draftTracks(random: Random): Draft[] {
  const genreOfArtist = new AliasTable(GENRES.map(({ weight }) => weight));
  const drafts: Draft[] = [];
  let album = 0;
  for (let artist = 0; artist < ARTISTS; artist++) {
    const genreIndex = genreOfArtist.at(random.unit());
    const genre = GENRES[genreIndex] as (typeof GENRES)[number];
    const name = artistName(random);
    const fame = random.logNormal(1, 1.6);
    const due = Math.round((TRACKS * (artist + 1)) / ARTISTS);
    while (drafts.length < due) {
      const size = Math.min(due - drafts.length, random.chance(0.3) ? 1 : random.between(4, 12));
      const albumName = title(random);
      // Catalogues are young: half of what is out came out within the last six years.
      const released = LAST_RELEASE - Math.floor(random.exponential(3_100)) * DAY_MS;
      const releaseDate = new Date(Math.max(released, Date.UTC(1955, 0, 1))).toISOString().slice(0, 10);
      for (let track = 0; track < size; track++) {
        const seconds = random.logNormal(genre.medianSeconds, 0.27);
        drafts.push({
          track_title: track === 0 ? albumName : title(random),
          artist_id: `a-${String(artist).padStart(5, '0')}`,
          artist_name: name,
          album_id: `b-${String(album).padStart(5, '0')}`,
          album_name: albumName,
          genre: genre.name,
          duration_ms: Math.round(Math.min(Math.max(seconds, 45), 1_200) * 1_000),
          release_date: releaseDate,
          is_explicit: random.chance(genre.explicit),
          genre_index: genreIndex,
          appeal: fame * random.logNormal(1, 1.1),
        });
      }
      album++;
    }
  }
  return drafts.sort((a, b) => b.appeal - a.appeal);
}

function build(seed: number): Catalogue {
  const random = new Random(`catalogue/${seed}`);
  // Faker's instance is shared by the process: seeded here, used at once, never awaited in between.
  faker.seed(hashText(`faker/${seed}`));
  const drafts = draftTracks(random);
  const playlistNames = Array.from({ length: 400 }, () =>
    random.chance(0.1)
      ? `${faker.internet.emoji()} ${capital(faker.word.adjective())} ${faker.date.month({ abbreviated: true })}`
      : `${capital(faker.word.adjective())} ${faker.helpers.arrayElement(['mix', 'mornings', 'nights', 'drive', 'run', 'focus', 'summer', 'party'])}`,
  );
  const tracks = drafts.map(({ genre_index: _, appeal: __, ...track }, rank) => ({
    track_id: `t-${String(rank).padStart(6, '0')}`,
    ...track,
  }));
  const weight = (rank: number): number => 1 / (rank + 1 + ZIPF_SHIFT) ** ZIPF_EXPONENT;
  const byGenre = GENRES.map(() => [] as number[]);
  const byArtist = new Map<string, number[]>();
  for (const [rank, draft] of drafts.entries()) {
    byGenre[draft.genre_index]?.push(rank);
    const own = byArtist.get(draft.artist_id);
    if (own) own.push(rank);
    else byArtist.set(draft.artist_id, [rank]);
  }
  return {
    seed,
    tracks,
    durations: Int32Array.from(tracks, (track) => track.duration_ms),
    popularity: new AliasTable(tracks.map((_, rank) => weight(rank))),
    genres: GENRES.map(({ name }, index) => {
      const ranks = Int32Array.from(byGenre[index] as number[]);
      return { name, ranks, popularity: new AliasTable(Float64Array.from(ranks, weight)) };
    }),
    genreOf: Uint8Array.from(drafts, (draft) => draft.genre_index),
    genreShares: new AliasTable(byGenre.map((ranks) => ranks.reduce((sum, rank) => sum + weight(rank), 0))),
    artistTracks: new Map([...byArtist].map(([artist, ranks]) => [artist, Int32Array.from(ranks)])),
    playlistNames,
  };
}

const KEPT = 2;
const kept = new Map<number, Catalogue>();

/** The tracks that exist under a seed. Building takes about a second; those of the last two seeds are kept. */
export function catalogueOf(seed: number): Catalogue {
  const known = kept.get(seed);
  if (known) return known;
  const built = build(seed);
  for (const oldest of kept.keys()) if (kept.size >= KEPT) kept.delete(oldest);
  kept.set(seed, built);
  return built;
}

/** The catalogue as it is landed: NDJSON of CatalogueTrack, the most popular track first. */
export function catalogueNdjson(seed: number): string {
  return catalogueOf(seed)
    .tracks.map((track) => `${JSON.stringify(track)}\n`)
    .join('');
}
