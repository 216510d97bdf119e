import { AliasTable } from '../alias-table.ts';
import { mix32, unitAt } from '../random.ts';
import { HOUR_MS } from './geography.ts';
import { normalQuantile } from './quantiles.ts';
import { CURVE_CELL_BITS, type PlayLag } from './rhythm.ts';
import { MOST_SESSIONS_A_DAY } from './traits.ts';

const MINUTE_MS = 60_000;
const QUARTER_MS = 15 * MINUTE_MS;

/** Least time from one session's budget to the next session, and to the end of the listening day. */
export const SESSION_GAP_MS = 60 * MINUTE_MS;
/** Sessions that are moved apart keep more than that, exponentially spread: nobody waits for an hour to the minute. */
const MORE_GAP_MEAN_MS = 30 * MINUTE_MS;
const MOST_MORE_GAP_MS = 150 * MINUTE_MS;
/** Of what the sessions of a crowded day leave of it, so much may go into the wider gaps. */
const MORE_GAP_SHARE_OF_REST = 0.5;
/** A session may go on for less than this when its budget is used up: what is left stays above 30 minutes of silence. */
export const OVERSHOOT_MS = 30 * MINUTE_MS;

/** How long a session lasts: log-normal. */
const MEDIAN_BUDGET_MS = 12.7 * MINUTE_MS;
const BUDGET_SPREAD = 1;
const LONGEST_BUDGET_MS = 6 * HOUR_MS;
const BUDGETS = Float64Array.from({ length: 4_097 }, (_, place) =>
  Math.min(
    LONGEST_BUDGET_MS,
    MEDIAN_BUDGET_MS *
      Math.exp(BUDGET_SPREAD * normalQuantile(Math.min(Math.max(place, 0.5), 4_095.5) / 4_096)),
  ),
);
/** With less time before the day's end, nobody begins. */
const SHORTEST_REMAINDER_MS = 2 * MINUTE_MS;

/**
 * Of the time listened, so much is of sessions that are moved to make room; the one part to earlier, the other to later,
 * by so much on average (measured: long sessions are moved to earlier, as others come after them).
 */
const MOVED_SHARE = 0.47;
const TO_EARLIER = { share: 0.55, meanMs: 66 * MINUTE_MS };
const TO_LATER = { share: 0.45, meanMs: 62 * MINUTE_MS };
const FARTHEST_QUARTERS = 20;

/** Plays are spread evenly over the budget: some time after the start there are as many as sessions that last longer. */
export function playLag(): PlayLag {
  const lag = Array.from({ length: LONGEST_BUDGET_MS / QUARTER_MS + 1 }, () => 0);
  for (let place = 8; place < 4_096; place += 16) {
    const budget = BUDGETS[place] as number;
    for (let startMs = MINUTE_MS / 2; startMs < QUARTER_MS; startMs += MINUTE_MS)
      for (let playedMs = MINUTE_MS / 2; playedMs < budget; playedMs += MINUTE_MS) {
        const quarter = Math.floor((startMs + playedMs) / QUARTER_MS);
        lag[quarter] = (lag[quarter] as number) + 1;
      }
  }
  const first = -FARTHEST_QUARTERS;
  const shares = Array.from({ length: lag.length + 2 * FARTHEST_QUARTERS }, () => 0);
  for (let moved = first; moved <= FARTHEST_QUARTERS; moved++) {
    const { share, meanMs } = moved < 0 ? TO_EARLIER : TO_LATER;
    const decay = Math.exp(-QUARTER_MS / meanMs);
    const chance = moved === 0 ? 0 : share * (1 - decay) * decay ** (Math.abs(moved) - 1);
    const weight = moved === 0 ? 1 - MOVED_SHARE : MOVED_SHARE * chance;
    for (const [quarter, plays] of lag.entries())
      shares[quarter + moved - first] = (shares[quarter + moved - first] as number) + weight * plays;
  }
  const total = shares.reduce((sum, share) => sum + share, 0);
  return { first, shares: shares.map((share) => share / total) };
}

const DELAY_MEAN_HOURS = 9;
const LONGEST_DELAY_HOURS = 72;
const BURST_STARTS_MS = 50 * MINUTE_MS;

/** No burst comes later than this after the end of the listening day of its session. */
export const LATEST_BURST_MS = (LONGEST_DELAY_HOURS + 1) * HOUR_MS;

/** A session as it is planned: nothing of it has been played yet. */
export interface PlannedSession {
  /** The listening day, in days since 1970 by the listener's calendar. */
  day: number;
  /** 0 is the first of that day. */
  place: number;
  startMs: number;
  /** No track is begun after this time. */
  budgetMs: number;
  /** Place in the contract's devices. */
  device: number;
  /** Of an offline session: when it begins to arrive, in one burst. */
  burstMs: number | undefined;
}

const SALT = {
  budget: 21,
  device: 22,
  otherDevice: 23,
  occasion: 27,
  offlineDevice: 24,
  delay: 25,
  burst: 26,
  gap: 28,
} as const;
const START = 0x7feb352d;
const REST_OF_HASH = 2 ** (32 - CURVE_CELL_BITS) - 1;

/** In the contract's order: mobile, desktop, web, speaker, tv, car. */
const OTHER_DEVICES = {
  commute: new AliasTable([42, 8, 6, 10, 2, 32]),
  work: new AliasTable([40, 26, 18, 6, 1, 9]),
  evening: new AliasTable([40, 11, 8, 25, 11, 5]),
  night: new AliasTable([58, 18, 12, 7, 3, 2]),
};
const MAIN_DEVICE_SHARE = 0.8;
const MOBILE = 0;
const DESKTOP = 1;
const CAR = 5;
/** Who takes a desktop on a journey is offline with it; web pages, speakers and sets need the network. */
const OFFLINE_DESKTOP_SHARE = 0.4;

function deviceAt(dayKey: number, place: number, localHour: number, mainDevice: number): number {
  if (unitAt(dayKey, place, SALT.device) < MAIN_DEVICE_SHARE) return mainDevice;
  // Nobody changes his habits on the stroke of the hour.
  const hour = (localHour + 1.5 * unitAt(dayKey, place, SALT.occasion) + 23.25) % 24;
  const others =
    hour < 6 || hour >= 23
      ? OTHER_DEVICES.night
      : hour < 9 || (hour >= 16 && hour < 18)
        ? OTHER_DEVICES.commute
        : hour < 16
          ? OTHER_DEVICES.work
          : OTHER_DEVICES.evening;
  return others.at(unitAt(dayKey, place, SALT.otherDevice));
}

function offlineDevice(dayKey: number, place: number, device: number): number {
  if (device === MOBILE || device === CAR) return device;
  if (device === DESKTOP && unitAt(dayKey, place, SALT.offlineDevice) < OFFLINE_DESKTOP_SHARE) return device;
  return MOBILE;
}

/** Starts and budgets of one listener's day. One object is used again and again: most days are looked at in vain. */
export class DayPlan {
  count = 0;
  private key = 0;
  private readonly starts = new Float64Array(MOST_SESSIONS_A_DAY);
  private readonly budgets = new Float64Array(MOST_SESSIONS_A_DAY);
  /** From each session's budget to the next session, at least. */
  private readonly gaps = new Float64Array(MOST_SESSIONS_A_DAY);
  private readonly crowdStarts = new Float64Array(MOST_SESSIONS_A_DAY);
  private readonly crowdSizes = new Float64Array(MOST_SESSIONS_A_DAY);

  /**
   * Draws when sessions would begin.
   * @param dayKey 32 bits of this listener's day
   */
  draw(dayKey: number, wanted: number, curve: Float32Array, dawnMs: number): void {
    const { starts } = this;
    this.key = dayKey;
    this.count = wanted;
    for (let i = 0; i < wanted; i++) {
      const hash = mix32(dayKey ^ Math.imul(i + 1, START));
      const cell = hash >>> (32 - CURVE_CELL_BITS);
      const from = curve[cell] as number;
      const to = curve[cell + 1] as number;
      const quarters = from + (to - from) * ((hash & REST_OF_HASH) / (REST_OF_HASH + 1));
      const startMs = dawnMs + Math.floor(quarters * QUARTER_MS);
      let place = i;
      while (place > 0 && (starts[place - 1] as number) > startMs) {
        starts[place] = starts[place - 1] as number;
        place--;
      }
      starts[place] = startMs;
    }
  }

  /**
   * Gives the sessions time and moves those apart that would meet, each crowd around its middle: as many to earlier as
   * to later, so that the rhythm of the day stays what was drawn. What then does not fit into the day is left out.
   */
  fit(dawnMs: number, endMs: number): void {
    const { starts, budgets, gaps, crowdStarts, crowdSizes } = this;
    const wanted = this.count;
    this.allot(endMs - dawnMs);
    // With the time that the earlier ones take up subtracted, "not before the one before" is all that is asked of a
    // start: crowds are merged until their means ascend (isotonic regression).
    let crowds = 0;
    let taken = 0;
    for (let place = 0; place < wanted; place++) {
      let mean = (starts[place] as number) - taken;
      let size = 1;
      while (crowds > 0 && (crowdStarts[crowds - 1] as number) > mean) {
        crowds--;
        const others = crowdSizes[crowds] as number;
        mean = (mean * size + (crowdStarts[crowds] as number) * others) / (size + others);
        size += others;
      }
      crowdStarts[crowds] = mean;
      crowdSizes[crowds++] = size;
      taken += (budgets[place] as number) + (gaps[place] as number);
    }
    const lastMs = endMs - SESSION_GAP_MS;
    let place = 0;
    taken = 0;
    for (let crowd = 0; crowd < crowds; crowd++) {
      const beginMs = Math.floor(Math.max(crowdStarts[crowd] as number, dawnMs));
      for (let i = crowdSizes[crowd] as number; i > 0; i--) {
        const startMs = beginMs + taken;
        if (startMs > lastMs - SHORTEST_REMAINDER_MS) {
          this.count = place;
          return;
        }
        starts[place] = startMs;
        taken += (budgets[place] as number) + (gaps[place] as number);
        budgets[place] = Math.min(budgets[place] as number, lastMs - startMs);
        place++;
      }
    }
  }

  /** Gives each session its budget and the gap after it, narrower ones where the day would not hold them. */
  private allot(dayMs: number): void {
    const { budgets, gaps } = this;
    let restMs = dayMs;
    let moreMs = 0;
    for (let place = 0; place < this.count; place++) {
      const at = unitAt(this.key, place, SALT.budget) * 4_096;
      const cell = Math.floor(at);
      const low = BUDGETS[cell] as number;
      budgets[place] = Math.floor(low + (at - cell) * ((BUDGETS[cell + 1] as number) - low));
      restMs -= (budgets[place] as number) + SESSION_GAP_MS;
      const more = -MORE_GAP_MEAN_MS * Math.log(1 - unitAt(this.key, place, SALT.gap));
      gaps[place] = place + 1 < this.count ? Math.min(more, MOST_MORE_GAP_MS) : 0;
      moreMs += gaps[place] as number;
    }
    const part = Math.min(1, (MORE_GAP_SHARE_OF_REST * Math.max(restMs, 0)) / Math.max(moreMs, 1));
    for (let place = 0; place < this.count; place++)
      gaps[place] = SESSION_GAP_MS + Math.floor(part * (gaps[place] as number));
  }

  /** When the first session is drawn to begin; a single one stays there. */
  get firstMs(): number {
    return this.starts[0] as number;
  }

  /** Whether the session may be going on in [startMs, endMs). */
  isRunning(place: number, startMs: number, endMs: number): boolean {
    const start = this.starts[place] as number;
    return start < endMs && start + (this.budgets[place] as number) + OVERSHOOT_MS > startMs;
  }

  /** When an offline session begins to arrive: 1 to 72 hours after the hour in which it ends at the latest. */
  burstMs(place: number): number {
    const latestEndMs = (this.starts[place] as number) + (this.budgets[place] as number) + OVERSHOOT_MS;
    const hours = Math.floor(-DELAY_MEAN_HOURS * Math.log(1 - unitAt(this.key, place, SALT.delay)));
    const hour = Math.floor(latestEndMs / HOUR_MS) + Math.min(1 + hours, LONGEST_DELAY_HOURS);
    return hour * HOUR_MS + Math.floor(unitAt(this.key, place, SALT.burst) * BURST_STARTS_MS);
  }

  /** @param localMs how far the listener's clock is ahead of UTC */
  session(
    day: number,
    place: number,
    mainDevice: number,
    isOffline: boolean,
    localMs: number,
  ): PlannedSession {
    const startMs = this.starts[place] as number;
    const hour = ((startMs + localMs) / HOUR_MS) % 24;
    const device = deviceAt(this.key, place, hour, mainDevice);
    return {
      day,
      place,
      startMs,
      budgetMs: this.budgets[place] as number,
      device: isOffline ? offlineDevice(this.key, place, device) : device,
      burstMs: isOffline ? this.burstMs(place) : undefined,
    };
  }
}
