/** Listeners fall into this many groups: what differs between the groups is the error of sampling listeners. */
export const GROUPS = 40;

/** Nobody asks for the share of more tracks than these. */
const MOST_TOP_TRACKS = 1_000;

/** What the statistics are made of: everything counted, or everything but one group of listeners. */
export interface Counts {
  /** How often `key` was counted; 0 when never. */
  of(key: string): number;
  /** Share of all plays that the `tracks` most played tracks have. */
  topShare(tracks: number): number;
}

export interface Estimate {
  value: number;
  /** From leaving out one group of listeners after another; sessions of one listener are alike. */
  standardError: number;
}

/** Counts by name and group of listeners. */
export class Tally {
  private readonly counts = new Map<string, Float64Array>();
  private readonly plays = new Map<string, Uint32Array>();
  private readonly allPlays = new Float64Array(GROUPS);
  private ranked: { of: number; plays: readonly Uint32Array[] } | undefined;

  add(key: string, group: number, amount = 1): void {
    let counts = this.counts.get(key);
    if (!counts) {
      counts = new Float64Array(GROUPS);
      this.counts.set(key, counts);
    }
    counts[group] = (counts[group] as number) + amount;
  }

  addPlay(trackId: string, group: number): void {
    let plays = this.plays.get(trackId);
    if (!plays) {
      plays = new Uint32Array(GROUPS);
      this.plays.set(trackId, plays);
    }
    plays[group] = (plays[group] as number) + 1;
    this.allPlays[group] = (this.allPlays[group] as number) + 1;
  }

  /** All that was counted, or all but one group. */
  counted(without?: number): Counts {
    let ranked: Float64Array | undefined;
    return {
      of: (key) => sumOf(this.counts.get(key), without),
      topShare: (tracks) => {
        if (tracks > MOST_TOP_TRACKS) throw new RangeError(`only ${MOST_TOP_TRACKS} tracks are ranked`);
        ranked ??= Float64Array.from(this.contenders, (plays) => sumOf(plays, without)).sort();
        return sumOf(ranked.subarray(Math.max(0, ranked.length - tracks))) / sumOf(this.allPlays, without);
      },
    };
  }

  /** Plays of the tracks that may be among the first even when a group is left out. */
  private get contenders(): readonly Uint32Array[] {
    if (this.ranked?.of !== sumOf(this.allPlays)) {
      const byPlays = [...this.plays.values()].map((plays) => ({ plays, sum: sumOf(plays) }));
      byPlays.sort((a, b) => b.sum - a.sum);
      const plays = byPlays.slice(0, 4 * MOST_TOP_TRACKS).map(({ plays }) => plays);
      this.ranked = { of: sumOf(this.allPlays), plays };
    }
    return this.ranked.plays;
  }
}

function sumOf(numbers: ArrayLike<number> | undefined, without = -1): number {
  let sum = 0;
  for (let i = 0; i < (numbers?.length ?? 0); i++) if (i !== without) sum += numbers?.[i] as number;
  return sum;
}

/** What is counted, and what is counted without each group in turn. */
export interface Resampled {
  all: Counts;
  without: readonly Counts[];
}

export function resampled(tally: Tally): Resampled {
  return {
    all: tally.counted(),
    without: Array.from({ length: GROUPS }, (_, group) => tally.counted(group)),
  };
}

/** The statistic, and its standard error by the jackknife over groups of listeners. */
export function estimate({ all, without }: Resampled, statistic: (counts: Counts) => number): Estimate {
  const values = without.map(statistic);
  const mean = values.reduce((sum, value) => sum + value, 0) / GROUPS;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { value: statistic(all), standardError: Math.sqrt(((GROUPS - 1) / GROUPS) * squares) };
}
