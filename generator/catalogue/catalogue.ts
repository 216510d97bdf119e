import type { CatalogueTrack } from '../../contracts/lake.ts';
import type { AliasTable } from '../alias-table.ts';
import { hashText, mix32 } from '../random.ts';
import { Chart } from './chart.ts';
import { describeTrack } from './description.ts';
import { buildEvergreens, draftOfArtist, type Evergreens } from './evergreens.ts';
import type { GenreTracks } from './genre-tracks.ts';
import { GENRES } from './genres.ts';
import { Names } from './names.ts';
import { EVERGREENS, rankAt } from './popularity.ts';
import { Releases } from './releases.ts';

export type { Chart } from './chart.ts';
export { EVERGREENS } from './popularity.ts';
export { RELEASES_A_WEEK } from './releases.ts';

/** Number of a track: an evergreen's rank, or from EVERGREENS on the releases, Friday by Friday. */
export type TrackRef = number;

/** A track by itself moves the chance of a skip by this much at most. */
const SKIP_BIAS = 0.12;
/** Of today and of the Fridays from which listeners still know what they took up. */
const CHARTS_KEPT = 20;
const CATALOGUES_KEPT = 2;

/** The tracks that exist under a seed. Everything is computed from the seed; nothing changes by being asked for. */
export class Catalogue {
  readonly seed: number;
  /** 32 bits of the seed, by which everything here is told from what is there under another. */
  readonly key: number;
  readonly genres: readonly string[] = GENRES.map(({ name }) => name);
  /** Share of the plays, by genre. */
  readonly genreShares: AliasTable;
  /** Each quoted as JSON: its UTF-8 bytes, one a character. */
  readonly playlistNames: readonly string[];
  private readonly evergreens: Evergreens;
  private readonly releases: Releases;
  private readonly names: Names;
  /** The one built last stands first. */
  private readonly charts: Chart[] = [];

  constructor(seed: number) {
    this.seed = seed;
    this.key = hashText(`catalogue/${seed}`);
    this.evergreens = buildEvergreens(this.key);
    this.releases = new Releases(this.key, this.evergreens);
    this.names = new Names(seed, this.key);
    this.genreShares = this.evergreens.genreShares;
    this.playlistNames = this.names.playlists();
  }

  /** An evergreen, by popularity. Units are of [0, 1). */
  byPopularity(unit: number): TrackRef {
    return rankAt(unit);
  }

  /** An evergreen of the genre, by popularity. */
  inGenre(genre: number, unit: number): TrackRef {
    return (this.evergreens.byGenre[genre] as GenreTracks).at(unit);
  }

  /** An artist of the genre, as often as `inGenre` gives one of his tracks. */
  artistInGenre(genre: number, unit: number): number {
    const { artistsOfGenre, artistShares } = this.evergreens;
    return (artistsOfGenre[genre] as Int32Array)[(artistShares[genre] as AliasTable).at(unit)] as number;
  }

  /** An evergreen of the artist, by popularity. */
  ofArtist(artist: number, unit: number): TrackRef {
    return this.evergreens.rankOfDraft[draftOfArtist(this.evergreens, artist, unit)] as number;
  }

  artistOf(track: TrackRef): number {
    return track < EVERGREENS ? (this.evergreens.artistOf[track] as number) : this.releases.artistOf(track);
  }

  genreOf(track: TrackRef): number {
    return track < EVERGREENS ? (this.evergreens.genreOf[track] as number) : this.releases.genreOf(track);
  }

  /** Whole milliseconds, 45 s to 20 min. */
  durationMs(track: TrackRef): number {
    return track < EVERGREENS
      ? (this.evergreens.durations[track] as number)
      : this.releases.durationMs(track);
  }

  /**
   * What the track itself adds to the chance of a skip: symmetric, and the two tracks of a pair of ranks cancel out, so
   * that a seed's few most popular tracks do not move the mean.
   */
  skipBias(track: TrackRef): number {
    const bits = mix32(this.key ^ Math.imul((track >>> 1) + 1, 0x9e3779b1));
    const bias = (((bits & 0xffff) + (bits >>> 16) - 0xffff) / 0xffff) * SKIP_BIAS;
    return (track & 1) === 0 ? bias : -bias;
  }

  /** What is new and rising on a day, counted from 1970-01-01 (UTC). The last few charts are kept. */
  chartOn(day: number): Chart {
    const { charts } = this;
    for (const chart of charts) if (chart.day === day) return chart;
    const chart = new Chart(this.key, day, this.evergreens, this.releases);
    if (charts.length >= CHARTS_KEPT) charts.pop();
    charts.unshift(chart);
    return chart;
  }

  /** Names, album and date of a track, composed when asked for. */
  describe(track: TrackRef): CatalogueTrack {
    return describeTrack(this.key, this.evergreens, this.releases, this.names, track);
  }
}

const kept = new Map<number, Catalogue>();

/** Building takes a fifth of a second; the catalogues of the last two seeds are kept. */
export function catalogueOf(seed: number): Catalogue {
  const known = kept.get(seed);
  if (known) return known;
  const built = new Catalogue(seed);
  for (const oldest of kept.keys()) if (kept.size >= CATALOGUES_KEPT) kept.delete(oldest);
  kept.set(seed, built);
  return built;
}
