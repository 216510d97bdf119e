import { unitAt } from '../random.ts';
import { isRetired } from './albums.ts';
import type { Evergreens } from './evergreens.ts';
import { genreAt, lengthMs } from './genres.ts';
import { EVERGREENS } from './popularity.ts';

/** New tracks of each Friday. */
export const RELEASES_A_WEEK = 96;
/** 1999-12-31, a Friday, in days since 1970: the Friday of week 0. */
export const FIRST_FRIDAY = 10_956;
/** A release is out of every chart this long after its Friday. */
export const CAREER_WEEKS = 104;
const CAREER_DAYS = CAREER_WEEKS * 7;

/** A week's places come in blocks: twelve singles, two EPs or an album. Every week has as many of each, in another order. */
const BLOCK = 12;
const ALBUMS_IN_BLOCK = [12, 12, 12, 2, 2, 1, 1, 1];
const ALBUMS_A_WEEK = ALBUMS_IN_BLOCK.reduce((sum, albums) => sum + albums, 0);

/*
 * The height of a career falls with a power of its place among all: of the 43 singles and albums of a week, and some ten
 * weeks' worth of tracks near their height at a time, that gives the first track of a day about 4 % of what is current,
 * the first hundred 42 % and the first thousand 76 %: steeper than the evergreens at the head, and with less of a tail.
 */
const PEAK_EXPONENT = 1.03;
const PEAK_SHIFT = 300;

/** A retired artist is drawn again so often at most. */
const ARTIST_DRAWS = 8;

/** Steps of a sequence that fills the square evenly: hits are spread over the weeks and over the genres. */
const STRENGTH_STEP = 0.7548776662466927;
const GENRE_STEP = 0.5698402909980532;

const SALT = {
  block: 0x71,
  genre: 0x72,
  artist: 0x73,
  strength: 0x74,
  lead: 0x75,
  follow: 0x76,
  rise: 0x77,
  debut: 0x78,
  fadeRadius: 0x79,
  fadeAngle: 0x7a,
  lengthRadius: 0x7b,
  lengthAngle: 0x7c,
};

/** The releases of one Friday, by place. */
interface ReleaseWeek {
  artists: Int32Array;
  genres: Uint8Array;
  durations: Int32Array;
  /** Weight at the height of the career, of (0, 1]. */
  peaks: Float64Array;
  /** Days from the Friday to the height. */
  rises: Float64Array;
  /** Weight of the Friday itself, as a part of the peak. */
  debuts: Float64Array;
  /** Days in which the weight halves, after the height. */
  halfLives: Float64Array;
}

export const isRelease = (track: number): boolean => track >= EVERGREENS;
export const releaseAt = (week: number, place: number): number => EVERGREENS + week * RELEASES_A_WEEK + place;
export const weekOf = (track: number): number => Math.floor((track - EVERGREENS) / RELEASES_A_WEEK);
export const placeOf = (track: number): number => (track - EVERGREENS) % RELEASES_A_WEEK;
export const fridayOf = (week: number): number => FIRST_FRIDAY + week * 7;

/** An album, or a single, among the releases of its Friday. */
interface ReleasedAlbum {
  /** Its first place, and that of the next album. */
  start: number;
  end: number;
  /** Its place among the week's albums and singles. */
  ordinal: number;
}

export function albumAround(key: number, week: number, place: number): ReleasedAlbum {
  const turn = Math.floor(unitAt(key, week, SALT.block) * ALBUMS_IN_BLOCK.length);
  const albumsIn = (block: number): number =>
    ALBUMS_IN_BLOCK[(turn + block * 3) % ALBUMS_IN_BLOCK.length] as number;
  const block = Math.floor(place / BLOCK);
  let before = 0;
  for (let earlier = 0; earlier < block; earlier++) before += albumsIn(earlier);
  const size = BLOCK / albumsIn(block);
  const start = place - (place % size);
  return { start, end: start + size, ordinal: before + Math.floor((place - block * BLOCK) / size) };
}

/** Standard normal, of two salts. */
function normalAt(key: number, index: number, radius: number, angle: number): number {
  return (
    Math.sqrt(-2 * Math.log(1 - unitAt(key, index, radius))) *
    Math.cos(2 * Math.PI * unitAt(key, index, angle))
  );
}

/** Part of the height that is left some days after it: most of it goes soon, the rest stays on playlists for long. */
function fadedAfter(days: number, halfLife: number): number {
  const fast = Math.exp((-Math.LN2 * days) / halfLife);
  return 0.85 * fast + 0.15 * Math.exp((-Math.LN2 * days) / (6 * halfLife));
}

/** What comes out, computed from the number of a track alone; weeks once asked for are kept. */
export class Releases {
  private readonly weeks = new Map<number, ReleaseWeek>();
  private readonly key: number;
  private readonly evergreens: Evergreens;

  constructor(key: number, evergreens: Evergreens) {
    this.key = key;
    this.evergreens = evergreens;
  }

  week(week: number): ReleaseWeek {
    let known = this.weeks.get(week);
    if (!known) {
      known = this.build(week);
      this.weeks.set(week, known);
    }
    return known;
  }

  genreOf(track: number): number {
    return this.week(weekOf(track)).genres[placeOf(track)] as number;
  }

  artistOf(track: number): number {
    return this.week(weekOf(track)).artists[placeOf(track)] as number;
  }

  durationMs(track: number): number {
    return this.week(weekOf(track)).durations[placeOf(track)] as number;
  }

  /** Weight of each release of the week on a day: none before its Friday, nor after its career. */
  weigh(week: number, day: number, into: Float64Array, at: number): void {
    const { peaks, rises, debuts, halfLives } = this.week(week);
    const age = day - fridayOf(week);
    if (age < 0 || age >= CAREER_DAYS) {
      into.fill(0, at, at + RELEASES_A_WEEK);
      return;
    }
    const ending = 1 - age / CAREER_DAYS;
    for (let place = 0; place < RELEASES_A_WEEK; place++) {
      const rise = rises[place] as number;
      const debut = debuts[place] as number;
      const part =
        age < rise ? debut + ((1 - debut) * age) / rise : fadedAfter(age - rise, halfLives[place] as number);
      into[at + place] = (peaks[place] as number) * part * ending;
    }
  }

  /** In the second half of the century all are retired: then the last one drawn goes on. */
  private artistFor(album: number, genre: number, strength: number, day: number): number {
    const artists = this.evergreens.artistsOfGenre[genre] as Int32Array;
    let artist = 0;
    for (let draw = 0; draw < ARTIST_DRAWS; draw++) {
      const unit = unitAt(this.key ^ Math.imul(draw, 0x27d4eb2f), album, SALT.artist);
      artist = artists[Math.floor((0.6 * strength + 0.4 * unit) ** 4 * artists.length)] as number;
      if (!isRetired(this.key, artist, genreAt(genre), day)) break;
    }
    return artist;
  }

  private build(week: number): ReleaseWeek {
    const { key, evergreens } = this;
    const built: ReleaseWeek = {
      artists: new Int32Array(RELEASES_A_WEEK),
      genres: new Uint8Array(RELEASES_A_WEEK),
      durations: new Int32Array(RELEASES_A_WEEK),
      peaks: new Float64Array(RELEASES_A_WEEK),
      rises: new Float64Array(RELEASES_A_WEEK),
      debuts: new Float64Array(RELEASES_A_WEEK),
      halfLives: new Float64Array(RELEASES_A_WEEK),
    };
    for (let place = 0; place < RELEASES_A_WEEK; place++) {
      const track = releaseAt(week, place);
      const { start, end, ordinal } = albumAround(key, week, place);
      const inTurn = week * ALBUMS_A_WEEK + ordinal;
      const album = releaseAt(week, start);
      const genre = evergreens.genreShares.at((unitAt(key, 0, SALT.genre) + inTurn * GENRE_STEP) % 1);
      // 0 is the strongest. The strong are mostly by the well-known, and an album has one track that leads the rest.
      const strength = (unitAt(key, 0, SALT.strength) + inTurn * STRENGTH_STEP) % 1;
      built.artists[place] = this.artistFor(album, genre, strength, fridayOf(week));
      built.genres[place] = genre;
      built.durations[place] = lengthMs(
        genreAt(genre),
        normalAt(key, track, SALT.lengthRadius, SALT.lengthAngle),
      );
      const isLead = place === start + Math.floor(unitAt(key, album, SALT.lead) * (end - start));
      const own = isLead ? strength : strength + (1 - strength) * unitAt(key, track, SALT.follow);
      built.peaks[place] = (1 + PEAK_SHIFT * own) ** -PEAK_EXPONENT;
      built.rises[place] = 7 + Math.floor(unitAt(key, track, SALT.rise) * 15);
      built.debuts[place] = 0.1 + 0.7 * unitAt(key, track, SALT.debut);
      const fade = 40 * Math.exp(0.4 * normalAt(key, track, SALT.fadeRadius, SALT.fadeAngle));
      built.halfLives[place] = Math.min(Math.max(fade, 12), 160);
    }
    return built;
  }
}
