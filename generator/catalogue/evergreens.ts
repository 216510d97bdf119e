import { AliasTable } from '../alias-table.ts';
import { Random, unitAt } from '../random.ts';
import { albumSize } from './albums.ts';
import { GENRES, genreAt, lengthMs } from './genres.ts';
import { GenreTracks } from './genre-tracks.ts';
import { EVERGREENS, rankWeights } from './popularity.ts';
import { KEY_LIMIT, orderOf } from './radix-order.ts';

/** Numbered by fame: artist 0 is the best known. */
export const ARTISTS = 50_000;

/**
 * Appeal of an artist's tracks falls with a power of his rank; its logarithm also varies by album and by track. So the
 * first artist has 1 to 3 % of the plays, the first hundred 38 %, the first thousand 67 %.
 */
const FAME_EXPONENT = 0.55;
const FAME_SHIFT = 60;
const ALBUM_SPREAD = 0.5;
const TRACK_SPREAD = 1.3;
/** No appeal is greater, nor smaller than its opposite; both bounds are twice what can be. */
const MOST_APPEAL = 16;
const APPEAL_STEPS = KEY_LIMIT / (2 * MOST_APPEAL);

const GOLDEN = 0.6180339887498949;
const SALT = { genre: 0x61, tracks: 0x62 };

/**
 * The tracks that have been out for long, held by rank. A track's `draft` is its place in the list of all artists'
 * works, where an artist's tracks stand together, album after album.
 */
export interface Evergreens {
  artistOf: Int32Array;
  genreOf: Uint8Array;
  durations: Int32Array;
  draftOf: Int32Array;
  rankOfDraft: Int32Array;
  /** First draft of each artist, and one more. */
  firstDraft: Int32Array;
  /** Sum of the weights of the artist's tracks up to this draft. */
  weightUpTo: Float64Array;
  /** Artists by genre, the best known first. */
  artistsOfGenre: readonly Int32Array[];
  /** By genre: one of `artistsOfGenre`, by the popularity of all tracks together. */
  artistShares: readonly AliasTable[];
  byGenre: readonly GenreTracks[];
  genreShares: AliasTable;
}

/** About standard normal: the sum of the four bytes of 32 random bits. */
function normalOf(bits: number): number {
  return ((bits & 255) + ((bits >>> 8) & 255) + ((bits >>> 16) & 255) + (bits >>> 24) - 510) / 147.8;
}

/**
 * Genres go round in steps of the golden section, by which each has its share among the famous too, under any seed: the
 * hundred best-known artists have a tenth of the plays.
 */
function genresOfArtists(key: number): Uint8Array {
  const table = Float64Array.from(GENRES, ({ share }) => share);
  const total = table.reduce((sum, share) => sum + share, 0);
  const start = unitAt(key, 0, SALT.genre);
  return Uint8Array.from({ length: ARTISTS }, (_, artist) => {
    let left = ((start + artist * GOLDEN) % 1) * total;
    let genre = 0;
    while (genre < GENRES.length - 1 && left >= (table[genre] as number)) left -= table[genre++] as number;
    return genre;
  });
}

/** The better known have more tracks: some 150 the first, half a dozen most. Each has at least one. */
function firstDrafts(key: number): Int32Array {
  const sizes = new Float64Array(ARTISTS);
  let total = 0;
  for (let artist = 0; artist < ARTISTS; artist++) {
    const usual = ((artist + 150) / ARTISTS) ** -0.45;
    sizes[artist] = usual * Math.exp(0.5 * normalOf(unitAt(key, artist, SALT.tracks) * 4294967296));
    total += sizes[artist] as number;
  }
  const first = new Int32Array(ARTISTS + 1);
  let sum = 0;
  for (let artist = 0; artist < ARTISTS; artist++) {
    sum += sizes[artist] as number;
    first[artist + 1] = artist + 1 + Math.round((sum / total) * (EVERGREENS - ARTISTS));
  }
  return first;
}

/** Drafts by appeal, the best first. Notes down whose each is. */
function draftsByAppeal(
  key: number,
  random: Random,
  firstDraft: Int32Array,
  artistOfDraft: Int32Array,
): Int32Array {
  const keys = new Int32Array(EVERGREENS);
  for (let artist = 0; artist < ARTISTS; artist++) {
    const fame = -FAME_EXPONENT * Math.log(artist + FAME_SHIFT);
    const end = firstDraft[artist + 1] as number;
    let draft = firstDraft[artist] as number;
    for (let album = 0; draft < end; album++) {
      const albumEnd = Math.min(draft + albumSize(key, artist, album), end);
      const ofAlbum = fame + ALBUM_SPREAD * normalOf(random.bits());
      for (; draft < albumEnd; draft++) {
        const appeal = ofAlbum + TRACK_SPREAD * normalOf(random.bits());
        keys[draft] = Math.floor((MOST_APPEAL - appeal) * APPEAL_STEPS);
        artistOfDraft[draft] = artist;
      }
    }
  }
  return orderOf(keys);
}

function tracksByGenre(genreOf: Uint8Array, weights: Float64Array): GenreTracks[] {
  const counts = new Int32Array(GENRES.length);
  for (let rank = 0; rank < EVERGREENS; rank++) (counts[genreOf[rank] as number] as number)++;
  const ranks = GENRES.map((_, genre) => new Int32Array(counts[genre] as number));
  counts.fill(0);
  for (let rank = 0; rank < EVERGREENS; rank++) {
    const genre = genreOf[rank] as number;
    (ranks[genre] as Int32Array)[(counts[genre] as number)++] = rank;
  }
  return ranks.map((own) => new GenreTracks(own, weights));
}

/** @param key 32 bits that name the catalogue. */
export function buildEvergreens(key: number): Evergreens {
  const random = new Random(`catalogue/${key}`);
  const weights = rankWeights();
  const genreOfArtist = genresOfArtists(key);
  const firstDraft = firstDrafts(key);
  const artistOfDraft = new Int32Array(EVERGREENS);
  const draftOf = draftsByAppeal(key, random, firstDraft, artistOfDraft);
  const artistOf = new Int32Array(EVERGREENS);
  const genreOf = new Uint8Array(EVERGREENS);
  const durations = new Int32Array(EVERGREENS);
  const rankOfDraft = new Int32Array(EVERGREENS);
  for (let rank = 0; rank < EVERGREENS; rank++) {
    const draft = draftOf[rank] as number;
    const artist = artistOfDraft[draft] as number;
    const genre = genreOfArtist[artist] as number;
    rankOfDraft[draft] = rank;
    artistOf[rank] = artist;
    genreOf[rank] = genre;
    const jitter = (random.bits() / 4294967296 - 0.5) / 100;
    durations[rank] = lengthMs(genreAt(genre), normalOf(random.bits()) + jitter);
  }
  const weightUpTo = new Float64Array(EVERGREENS);
  for (let artist = 0; artist < ARTISTS; artist++) {
    let sum = 0;
    for (let draft = firstDraft[artist] as number; draft < (firstDraft[artist + 1] as number); draft++) {
      sum += weights[rankOfDraft[draft] as number] as number;
      weightUpTo[draft] = sum;
    }
  }
  const byGenre = tracksByGenre(genreOf, weights);
  const artistsOfGenre: number[][] = GENRES.map(() => []);
  for (let artist = 0; artist < ARTISTS; artist++)
    artistsOfGenre[genreOfArtist[artist] as number]?.push(artist);
  const weightOf = (artist: number): number => weightUpTo[(firstDraft[artist + 1] as number) - 1] as number;
  return {
    artistOf,
    genreOf,
    durations,
    draftOf,
    rankOfDraft,
    firstDraft,
    weightUpTo,
    artistsOfGenre: artistsOfGenre.map((artists) => Int32Array.from(artists)),
    artistShares: artistsOfGenre.map((artists) => new AliasTable(artists.map(weightOf))),
    byGenre,
    genreShares: new AliasTable(byGenre.map(({ share }) => share)),
  };
}

/** The draft of an artist that `unit` of [0, 1) falls on, by popularity. */
export function draftOfArtist({ firstDraft, weightUpTo }: Evergreens, artist: number, unit: number): number {
  let low = firstDraft[artist] as number;
  let high = (firstDraft[artist + 1] as number) - 1;
  const wanted = unit * (weightUpTo[high] as number);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((weightUpTo[middle] as number) > wanted) high = middle;
    else low = middle + 1;
  }
  return low;
}
