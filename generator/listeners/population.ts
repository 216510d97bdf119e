import type { AliasTable } from '../alias-table.ts';
import { hashText, mix32 } from '../random.ts';
import { DayPlan, LATEST_BURST_MS, type PlannedSession, playLag } from './day-plan.ts';
import { Tenure } from './eras.ts';
import { COUNTRIES, DAY_MS, dateIn, dayAt, HOUR_MS, instantOf, offsetMs, weekdayOf } from './geography.ts';
import { HABITS, QUARTERS_A_DAY, WEEK } from './habits.ts';
import { placesOf, poisson } from './quantiles.ts';
import { type DayCurve, type Rhythm, rhythmOf } from './rhythm.ts';
import {
  describeListener,
  intensityOf,
  type Listener,
  mainDeviceOf,
  MOST_SESSIONS_A_DAY,
  mostSessionsOf,
} from './traits.ts';

export type { Listener, PlannedSession };

/** Records that a session of mean length sends, defects not counted. */
const RECORDS_PER_SESSION = 11.5;
/** Sessions a day of an average slot: of the mean intensity, after vacancies, quiet spells and fading. */
const SESSIONS_PER_SLOT_DAY = 1.06;

const DEVICES = 6;
const DAY = 0x38495ab5;
const OFFLINE = 0x4cf5ad43;
/** Days before a window's own of which something may still arrive. */
const EARLIER_DAYS = 4;

/** The days that a window of a few hours asks for, whatever the country. */
const KNOWN_DAWNS = EARLIER_DAYS + 5;

/** A clock is a pair of country and habit: what decides when a listening day begins. It belongs to the slot for ever. */
const CLOCK_BITS = 14;
const CLOCK_PLACES = placesOf(
  COUNTRIES.flatMap((country) => HABITS.map((habit) => country.weight * habit.weight)),
  2 ** CLOCK_BITS,
);
const CLOCKS = COUNTRIES.length * HABITS.length;

let knownRhythm: Rhythm | undefined;

function rhythm(): Rhythm {
  knownRhythm ??= rhythmOf(playLag());
  return knownRhythm;
}

const NOBODY: readonly PlannedSession[] = [];

/** When the listening day begins. */
function dawnMs(clock: number, day: number): number {
  const habit = HABITS[clock % HABITS.length] as { dawn: number };
  return instantOf(Math.floor(clock / HABITS.length), day, habit.dawn);
}

/** The listening day of that instant. */
function dayOf(clock: number, atMs: number): number {
  const date = dateIn(Math.floor(clock / HABITS.length), atMs);
  return atMs < dawnMs(clock, date) ? date - 1 : date;
}

/** The listeners of a seed, by slot. There is no end to them. */
export class Population {
  private readonly key: number;
  private readonly genreShares: AliasTable;
  private readonly curves: readonly DayCurve[];
  private readonly volumes: Float64Array;
  private readonly plays: Float64Array;

  private readonly tenure = new Tenure();
  private readonly plan = new DayPlan();
  private clock = 0;
  private mainDevice = 0;

  /** Of the window that was asked for last, by clock: its listening days, and the first of which a burst may come. */
  private windowStartMs = Number.NaN;
  private windowEndMs = Number.NaN;
  private readonly firstDay = new Int32Array(CLOCKS);
  private readonly lastDay = new Int32Array(CLOCKS);
  private readonly firstBurstDay = new Int32Array(CLOCKS);
  /** Dawns of the days from `dawnDay` on, by clock. */
  private dawnDay = Number.NEGATIVE_INFINITY;
  private readonly dawns = new Float64Array(CLOCKS * KNOWN_DAWNS);

  private lateRate = Number.NaN;
  /** Chance that one of the first n sessions of a day is offline. */
  private readonly offlineWithin = new Float64Array(MOST_SESSIONS_A_DAY + 1);

  private readonly expected = new Map<number, number>();

  /** @param genreShares share of each genre in all plays: tastes are drawn from it */
  constructor(seed: number, genreShares: AliasTable) {
    const { curves, plays } = rhythm();
    this.key = hashText(`listeners/${seed}`);
    this.genreShares = genreShares;
    this.curves = curves;
    this.volumes = Float64Array.from(curves, ({ volume }) => volume);
    this.plays = plays;
  }

  /** The occupant of the slot on a listening day; undefined when nobody is there, or he is quiet. */
  listener(index: number, day: number): Listener | undefined {
    this.takeSlot(index);
    if (!this.tenure.takeDay(day) || this.tenure.isQuiet()) return undefined;
    const habit = this.clock % HABITS.length;
    const country = Math.floor(this.clock / HABITS.length);
    const { key, traits } = this.tenure;
    return describeListener(index, key >>> 0, traits, country, habit, this.genreShares);
  }

  /** The sessions of that listening day, in order. */
  dayPlan(index: number, day: number, lateRate: number): readonly PlannedSession[] {
    this.takeSlot(index);
    this.takeRate(lateRate);
    const wanted = this.sessionsOn(day);
    if (wanted === 0) return NOBODY;
    this.lay(day, wanted, Number.POSITIVE_INFINITY);
    return Array.from({ length: this.plan.count }, (_, place) =>
      this.session(day, place, this.isOffline(day, place)),
    );
  }

  /** The sessions of which something may arrive in [startMs, endMs): they are running then, or their burst begins. */
  sessionsIn(index: number, startMs: number, endMs: number, lateRate: number): readonly PlannedSession[] {
    if (startMs !== this.windowStartMs || endMs !== this.windowEndMs) this.takeWindow(startMs, endMs);
    if (lateRate !== this.lateRate) this.takeRate(lateRate);
    this.takeSlot(index);
    const first = this.firstDay[this.clock] as number;
    const last = this.lastDay[this.clock] as number;
    let found: PlannedSession[] | undefined;
    if (lateRate > 0) {
      const likeliest = this.offlineWithin[MOST_SESSIONS_A_DAY] as number;
      for (let day = this.firstBurstDay[this.clock] as number; day < first; day++) {
        const unit = this.offlineUnit(day);
        if (unit >= likeliest || !this.tenure.takeDay(day)) continue;
        if (unit >= (this.offlineWithin[mostSessionsOf(this.tenure.traits)] as number)) continue;
        const wanted = this.sessionsOn(day);
        if (unit >= (this.offlineWithin[wanted] as number)) continue;
        this.lay(day, wanted, Number.POSITIVE_INFINITY);
        for (let place = 0; place < this.plan.count; place++)
          if (this.isOffline(day, place) && this.arrives(place, startMs, endMs))
            (found ??= []).push(this.session(day, place, true));
      }
    }
    for (let day = first; day <= last; day++) {
      const wanted = this.sessionsOn(day);
      if (wanted === 0) continue;
      if (!this.lay(day, wanted, endMs)) continue;
      const mayBeOffline = this.offlineUnit(day) < (this.offlineWithin[this.plan.count] as number);
      for (let place = 0; place < this.plan.count; place++) {
        const isOffline = mayBeOffline && this.isOffline(day, place);
        if (isOffline ? this.arrives(place, startMs, endMs) : this.plan.isRunning(place, startMs, endMs))
          (found ??= []).push(this.session(day, place, isOffline));
      }
    }
    return found ?? NOBODY;
  }

  /** Records that an average slot sends in the hour that begins at `hourMs`, as if nobody were ever offline. */
  expectedRecords(hourMs: number): number {
    let records = this.expected.get(hourMs);
    if (records === undefined) {
      records = this.recordsExpected(hourMs);
      if (this.expected.size > 10_000) this.expected.clear();
      this.expected.set(hourMs, records);
    }
    return records;
  }

  private recordsExpected(hourMs: number): number {
    let weights = 0;
    let plays = 0;
    COUNTRIES.forEach(({ weight }, country) => {
      weights += weight;
      const date = dateIn(country, hourMs);
      const intoDay = hourMs + offsetMs(country, hourMs) - date * DAY_MS;
      const quarter = weekdayOf(date) * QUARTERS_A_DAY + Math.floor(intoDay / (HOUR_MS / 4));
      for (let i = 0; i < 4; i++) plays += (weight / 4) * (this.plays[(quarter + i) % WEEK] as number);
    });
    return (plays / weights / 24) * SESSIONS_PER_SLOT_DAY * RECORDS_PER_SESSION;
  }

  private takeSlot(index: number): void {
    this.tenure.takeSlot(this.key, index);
    this.clock = CLOCK_PLACES[this.tenure.slot >>> (32 - CLOCK_BITS)] as number;
  }

  private takeRate(lateRate: number): void {
    this.lateRate = lateRate;
    for (let n = 0; n <= MOST_SESSIONS_A_DAY; n++) this.offlineWithin[n] = 1 - (1 - lateRate) ** n;
  }

  private takeWindow(startMs: number, endMs: number): void {
    this.windowStartMs = startMs;
    this.windowEndMs = endMs;
    this.dawnDay = dayAt(startMs) - EARLIER_DAYS - 2;
    for (let clock = 0; clock < CLOCKS; clock++) {
      for (let i = 0; i < KNOWN_DAWNS; i++)
        this.dawns[clock * KNOWN_DAWNS + i] = dawnMs(clock, this.dawnDay + i);
      const first = dayOf(clock, startMs);
      let burst = first - EARLIER_DAYS;
      while (dawnMs(clock, burst + 1) + LATEST_BURST_MS <= startMs) burst++;
      this.firstBurstDay[clock] = burst;
      this.firstDay[clock] = first;
      this.lastDay[clock] = dayOf(clock, endMs - 1);
    }
  }

  private dawnMs(day: number): number {
    const place = day - this.dawnDay;
    if (place >= 0 && place < KNOWN_DAWNS) return this.dawns[this.clock * KNOWN_DAWNS + place] as number;
    return dawnMs(this.clock, day);
  }

  /** How many sessions the slot's occupant plans on that day; he and his main device are known afterwards. */
  private sessionsOn(day: number): number {
    const { tenure } = this;
    if (!tenure.takeDay(day) || tenure.isQuiet()) return 0;
    this.mainDevice = mainDeviceOf(tenure.traits, this.clock % HABITS.length);
    const mean = intensityOf(tenure.traits) * tenure.rate() * (this.volumes[this.curveOn(day)] as number);
    return poisson(
      mean,
      mix32(tenure.key ^ Math.imul(day, DAY)) / 4_294_967_296,
      mostSessionsOf(tenure.traits),
    );
  }

  private curveOn(day: number): number {
    return ((this.clock % HABITS.length) * DEVICES + this.mainDevice) * 7 + weekdayOf(day);
  }

  /**
   * Lays the plan of the occupant that `sessionsOn` has found.
   * @returns false, and no plan, when no session begins before `untilMs` (only where that is seen at once)
   */
  private lay(day: number, wanted: number, untilMs: number): boolean {
    const dayKey = mix32(mix32(this.tenure.key ^ Math.imul(day, DAY)) ^ DAY) | 0;
    const { starts } = this.curves[this.curveOn(day)] as DayCurve;
    const beginMs = this.dawnMs(day);
    this.plan.draw(dayKey, wanted, starts, beginMs);
    if (wanted === 1 && this.plan.firstMs >= untilMs) return false;
    this.plan.fit(beginMs, this.dawnMs(day + 1));
    return true;
  }

  /** One number tells of the first offline session of the day, so that nearly all days need no plan. */
  private offlineUnit(day: number): number {
    return mix32(this.tenure.slot ^ Math.imul(day, OFFLINE)) / 4_294_967_296;
  }

  /** Every session is offline with the same chance, whatever the others are. */
  private isOffline(day: number, place: number): boolean {
    const unit = this.offlineUnit(day);
    if (unit >= (this.offlineWithin[place + 1] as number)) return false;
    if (unit >= (this.offlineWithin[place] as number)) return true;
    // Not the first one.
    return mix32(this.tenure.slot ^ Math.imul(day * 16 + place, OFFLINE)) / 4_294_967_296 < this.lateRate;
  }

  private arrives(place: number, startMs: number, endMs: number): boolean {
    const burstMs = this.plan.burstMs(place);
    return burstMs >= startMs && burstMs < endMs;
  }

  private session(day: number, place: number, isOffline: boolean): PlannedSession {
    const local = offsetMs(Math.floor(this.clock / HABITS.length), this.dawnMs(day));
    return this.plan.session(day, place, this.mainDevice, isOffline, local);
  }
}
