import { AliasTable } from '../alias-table.ts';
import type { Evergreens } from './evergreens.ts';
import { GENRES } from './genres.ts';
import {
  CAREER_WEEKS,
  FIRST_FRIDAY,
  isRelease,
  RELEASES_A_WEEK,
  type Releases,
  releaseAt,
} from './releases.ts';
import { viralsOn, viralWeight } from './virals.ts';

const TOP = 50;

/** Evergreens of each genre that stand in every chart, with next to no weight: before the first Friday there is nothing else. */
const STANDING = 4;
const STANDING_WEIGHT = 1e-6;

/** What is new and rising on one day: releases of the last two years and what is viral, by their weight of the day. */
export class Chart {
  /** Days since 1970 (UTC). */
  readonly day: number;
  /** Each track once, with its weight. */
  readonly tracks: Int32Array;
  readonly weights: Float64Array;
  /** The first fifty, the strongest first. */
  readonly topTracks: Int32Array;
  private readonly all: AliasTable;
  private readonly leading: AliasTable;
  private readonly ofGenre: readonly { tracks: Int32Array; table: AliasTable }[];

  constructor(key: number, day: number, evergreens: Evergreens, releases: Releases) {
    this.day = day;
    const standing = evergreens.byGenre.flatMap(({ ranks }) => [...ranks.subarray(0, STANDING)]);
    const virals = viralsOn(key, day);
    const latest = Math.floor((day - FIRST_FRIDAY) / 7);
    const earliest = Math.max(0, latest - CAREER_WEEKS + 1);
    const released = Math.max(0, latest - earliest + 1) * RELEASES_A_WEEK;
    const others = standing.filter((rank) => virals.every(({ track }) => track !== rank));
    const size = released + virals.length + others.length;
    this.tracks = new Int32Array(size);
    this.weights = new Float64Array(size);
    const genres = new Uint8Array(size);
    for (let week = earliest, at = 0; week <= latest; week++, at += RELEASES_A_WEEK) {
      releases.weigh(week, day, this.weights, at);
      genres.set(releases.week(week).genres, at);
      for (let place = 0; place < RELEASES_A_WEEK; place++) this.tracks[at + place] = releaseAt(week, place);
    }
    let at = released;
    for (const viral of virals) {
      this.tracks[at] = viral.track;
      this.weights[at] = viralWeight(viral, day);
      genres[at++] = isRelease(viral.track)
        ? releases.genreOf(viral.track)
        : (evergreens.genreOf[viral.track] as number);
    }
    for (const rank of others) {
      this.tracks[at] = rank;
      this.weights[at] = STANDING_WEIGHT;
      genres[at++] = evergreens.genreOf[rank] as number;
    }
    this.all = new AliasTable(this.weights);
    this.ofGenre = GENRES.map((_, genre) => this.only(genres, genre));
    const leaders = this.leaders();
    this.topTracks = leaders.map((at) => this.tracks[at] as number);
    // Listeners of a chart go down it: the first is heard more, though less so than by everyone.
    this.leading = new AliasTable(Float64Array.from(leaders, (at) => Math.sqrt(this.weights[at] as number)));
  }

  current(unit: number): number {
    return this.tracks[this.all.at(unit)] as number;
  }

  currentInGenre(genre: number, unit: number): number {
    const { tracks, table } = this.ofGenre[genre] as (typeof this.ofGenre)[number];
    return tracks[table.at(unit)] as number;
  }

  /** One of the day's top fifty. */
  top(unit: number): number {
    return this.topTracks[this.leading.at(unit)] as number;
  }

  private only(genres: Uint8Array, genre: number): { tracks: Int32Array; table: AliasTable } {
    const places = genres.reduce((count, own) => count + (own === genre ? 1 : 0), 0);
    const tracks = new Int32Array(places);
    const weights = new Float64Array(places);
    for (let at = 0, to = 0; at < genres.length; at++) {
      if (genres[at] !== genre) continue;
      tracks[to] = this.tracks[at] as number;
      weights[to++] = this.weights[at] as number;
    }
    return { tracks, table: new AliasTable(weights) };
  }

  /** Places of the strongest, in order. */
  private leaders(): Int32Array {
    const least = Float64Array.from(this.weights).sort().at(-TOP) as number;
    const places: number[] = [];
    for (let at = 0; at < this.weights.length; at++)
      if ((this.weights[at] as number) >= least) places.push(at);
    const weight = (at: number): number => this.weights[at] as number;
    return Int32Array.from(places.sort((a, b) => weight(b) - weight(a) || a - b).slice(0, TOP));
  }
}
