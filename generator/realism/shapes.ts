export const QUARTERS = 96;

/** Instants of the day at which the smooth curve is known: every three minutes. */
const INSTANTS_A_QUARTER = 5;
const INSTANTS = QUARTERS * INSTANTS_A_QUARTER;
const INSTANTS_AN_HOUR = INSTANTS / 24;

/** Standard deviation of the bell by which quarter-hours are smoothed before peaks are sought, in hours. */
const WIDTH = 0.6;
/** Beyond so many widths a quarter counts for nothing. */
const REACH = 3.3;

/** Plays by time of the day, as a smooth curve that goes on across midnight. */
export class DayCurve {
  private readonly heights = new Float64Array(INSTANTS);

  /** @param quarters plays by quarter-hour of the local day */
  constructor(quarters: readonly number[], width = WIDTH) {
    const reach = Math.ceil(REACH * width * 4);
    const bell = Float64Array.from({ length: (reach + 1) * INSTANTS_A_QUARTER }, (_, distance) =>
      Math.exp(-0.5 * (distance / INSTANTS_AN_HOUR / width) ** 2),
    );
    const middle = (INSTANTS_A_QUARTER - 1) / 2;
    for (let instant = 0; instant < INSTANTS; instant++) {
      const own = Math.floor(instant / INSTANTS_A_QUARTER);
      let height = 0;
      for (let quarter = own - reach; quarter <= own + reach; quarter++) {
        const distance = Math.abs(quarter * INSTANTS_A_QUARTER + middle - instant);
        height += (bell[distance] ?? 0) * (quarters[(quarter + QUARTERS) % QUARTERS] as number);
      }
      this.heights[instant] = height;
    }
  }

  /**
   * Clock time (9.5 is half past nine) of the highest point between two hours; NaN when it lies at the edge, for then
   * it is a slope and no peak.
   */
  peak(from: number, to: number): number {
    const at = this.highest(from, to, 1);
    return at === from * INSTANTS_AN_HOUR || at === to * INSTANTS_AN_HOUR ? Number.NaN : clockTime(at);
  }

  /** Clock time of the lowest point of the day. */
  trough(): number {
    return clockTime(this.highest(0, 24 - 1 / INSTANTS_AN_HOUR, -1));
  }

  /** The lowest point between a peak in the morning and one in the evening, as a share of the lower peak. */
  dip(noon: number): number {
    const morning = this.highest(5, noon, 1);
    const evening = this.highest(noon, 23, 1);
    const lowest = this.highest(morning / INSTANTS_AN_HOUR, evening / INSTANTS_AN_HOUR, -1);
    return this.height(lowest) / Math.min(this.height(morning), this.height(evening));
  }

  private height(instant: number): number {
    return this.heights[instant] as number;
  }

  private highest(from: number, to: number, sign: 1 | -1): number {
    let best = Math.round(from * INSTANTS_AN_HOUR);
    for (let instant = best; instant <= Math.round(to * INSTANTS_AN_HOUR); instant++)
      if (sign * this.height(instant) > sign * this.height(best)) best = instant;
    return best;
  }
}

const clockTime = (instant: number): number => (instant + 0.5) / INSTANTS_AN_HOUR;
