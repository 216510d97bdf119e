import { AliasTable } from '../alias-table.ts';
import { mix32, unitAt } from '../random.ts';
import { HOUR_MS } from './geography.ts';
import { normalQuantile } from './quantiles.ts';
import { CURVE_CELL_BITS, type DayCurve } from './rhythm.ts';

const MINUTE_MS = 60_000;
const QUARTER_MS = 15 * MINUTE_MS;

/** Time from one session's budget to the next session, and to the end of the listening day. */
export const SESSION_GAP_MS = 60 * MINUTE_MS;
/** A session may go on for less than this when its budget is used up: what is left stays above 30 minutes of silence. */
export const OVERSHOOT_MS = 30 * MINUTE_MS;

/** How long a session lasts: log-normal. */
const MEDIAN_BUDGET_MS = 12 * MINUTE_MS;
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

/** As many sessions as this fit in a day at most. */
export const MOST_SESSIONS = 12;

/** Sessions that began too close to another one are moved back by about this much on average. Quarter-hours. */
const MEAN_SHIFT_QUARTERS = 0;

/**
 * Share of a session's plays in each quarter-hour after the one in which it began. Plays are spread evenly over the
 * budget: so at some time after the start, there are as many as there are sessions that last longer.
 */
export function playLag(): number[] {
  const steps = 15;
  const lag = Array.from({ length: 24 }, () => 0);
  for (let place = 0; place < 4_096; place += 8) {
    const budget = ((BUDGETS[place] as number) + (BUDGETS[place + 8] as number)) / 2;
    for (let start = 0.5; start < steps; start++)
      for (let minute = 0.5; minute * MINUTE_MS < budget; minute++) {
        const quarter = Math.min(23, Math.floor((start + minute) / steps) + MEAN_SHIFT_QUARTERS);
        lag[quarter] = (lag[quarter] as number) + 1;
      }
  }
  const total = lag.reduce((sum, plays) => sum + plays, 0);
  return lag.map((plays) => plays / total);
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

const SALT = { budget: 21, device: 22, otherDevice: 23, offlineDevice: 24, delay: 25, burst: 26 } as const;
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

function deviceAt(dayKey: number, place: number, hour: number, mainDevice: number): number {
  if (unitAt(dayKey, place, SALT.device) < MAIN_DEVICE_SHARE) return mainDevice;
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
  private readonly starts = new Float64Array(MOST_SESSIONS);
  private readonly budgets = new Float64Array(MOST_SESSIONS);

  /**
   * @param dayKey 32 bits of this listener's day
   * @param wanted how many sessions, of which those that do not fit into the day are left out
   */
  lay(dayKey: number, wanted: number, curve: DayCurve, dawnMs: number, endMs: number): void {
    const { starts, budgets } = this;
    this.key = dayKey;
    for (let i = 0; i < wanted; i++) {
      const hash = mix32(dayKey ^ Math.imul(i + 1, START));
      const cell = hash >>> (32 - CURVE_CELL_BITS);
      const from = curve.starts[cell] as number;
      const to = curve.starts[cell + 1] as number;
      const quarters = from + (to - from) * ((hash & REST_OF_HASH) / (REST_OF_HASH + 1));
      const startMs = dawnMs + Math.floor(quarters * QUARTER_MS);
      let place = i;
      while (place > 0 && (starts[place - 1] as number) > startMs) {
        starts[place] = starts[place - 1] as number;
        place--;
      }
      starts[place] = startMs;
    }
    const lastMs = endMs - SESSION_GAP_MS;
    let freeMs = dawnMs;
    let count = 0;
    while (count < wanted) {
      const startMs = Math.max(starts[count] as number, freeMs);
      if (startMs > lastMs - SHORTEST_REMAINDER_MS) break;
      const at = unitAt(dayKey, count, SALT.budget) * 4_096;
      const cell = Math.floor(at);
      const low = BUDGETS[cell] as number;
      const drawn = low + (at - cell) * ((BUDGETS[cell + 1] as number) - low);
      const budgetMs = Math.floor(Math.min(drawn, lastMs - startMs));
      starts[count] = startMs;
      budgets[count] = budgetMs;
      freeMs = startMs + budgetMs + SESSION_GAP_MS;
      count++;
    }
    this.count = count;
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
    const hour = Math.floor((startMs + localMs) / HOUR_MS) % 24;
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
