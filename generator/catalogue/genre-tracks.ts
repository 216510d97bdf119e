import { AliasTable } from '../alias-table.ts';
import { EVERGREENS, rankBetween } from './popularity.ts';

/** Tracks of a genre that are weighed one by one; the long tail behind them is as evenly spread as the ranks are. */
const HEAD = 1_024;

/**
 * The evergreens of one genre. A table over all of them would be drawn from in the wrong order for a processor's cache,
 * which holds the popular ones: every draw would wait for memory three times.
 */
export class GenreTracks {
  /** The most popular first. */
  readonly ranks: Int32Array;
  /** Share of the plays of evergreens. */
  readonly share: number;
  private readonly head: AliasTable;
  private readonly headSize: number;
  private readonly headShare: number;
  private readonly tailRank: number;
  private readonly density: number;

  /** @param weights by rank */
  constructor(ranks: Int32Array, weights: Float64Array) {
    this.ranks = ranks;
    this.headSize = Math.min(HEAD, ranks.length);
    const own = Float64Array.from(ranks.subarray(0, this.headSize), (rank) => weights[rank] as number);
    const headWeight = own.reduce((sum, weight) => sum + weight, 0);
    let weight = headWeight;
    for (let at = this.headSize; at < ranks.length; at++) weight += weights[ranks[at] as number] as number;
    this.share = weight;
    this.head = new AliasTable(own);
    this.headShare = headWeight / weight;
    this.tailRank = (ranks[this.headSize - 1] as number) + 1;
    this.density = (ranks.length - this.headSize) / (EVERGREENS - this.tailRank);
  }

  /** The track that `unit` of [0, 1) falls on, by popularity. */
  at(unit: number): number {
    if (unit < this.headShare) return this.ranks[this.head.at(unit / this.headShare)] as number;
    const rank = rankBetween(this.tailRank, (unit - this.headShare) / (1 - this.headShare));
    const place = this.headSize + Math.floor((rank - this.tailRank) * this.density);
    return this.ranks[Math.min(place, this.ranks.length - 1)] as number;
  }
}
