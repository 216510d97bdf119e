import { AliasTable } from '../alias-table.ts';
import { hashText, mix32 } from '../random.ts';
import { DayPlan, LATEST_BURST_MS, MOST_SESSIONS, type PlannedSession, playLag } from './day-plan.ts';
import { Tenure } from './eras.ts';
import { COUNTRIES, DAY_MS, dateIn, HOUR_MS, instantOf, offsetMs, weekdayOf } from './geography.ts';
import { HABITS, QUARTERS_A_DAY, WEEK } from './habits.ts';
import { type DayCurve, type Rhythm, rhythmOf } from './rhythm.ts';
import { type AgeBand, describeListener, intensityOf, type Listener, levelOf } from './traits.ts';

export type { AgeBand, Listener, PlannedSession };

/** Records that a session of mean length sends, defects not counted. */
const RECORDS_PER_SESSION = 11.5;
/** Sessions a day of an average slot: of the mean intensity, after vacancies, quiet spells and fading. */
const SESSIONS_PER_SLOT_DAY = 1;

const DEVICES = 6;
const DEVICE = 0x5bd1e995;
const DAY = 0x38495ab5;
const OFFLINE = 0x4cf5ad43;
/** Days before a window's own of which something may still arrive. */
const EARLIER_DAYS = 4;

/** A place of (country, habit): what decides when a listening day begins. It belongs to the slot for ever. */
const CLOCK_SHARES = new AliasTable(
  COUNTRIES.flatMap((country) => HABITS.map((habit) => country.weight * habit.weight)),
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

/** The listeners of a seed, by slot. There is no end to them. */
export class Population {
  private readonly key: number;
  private readonly genreShares: AliasTable;
  private readonly curves: readonly DayCurve[];
  private readonly plays: Float64Array;
  private readonly devices: readonly AliasTable[];

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

  private lateRate = Number.NaN;
  /** Chance that one of the first n sessions of a day is offline. */
  private readonly offlineWithin = new Float64Array(MOST_SESSIONS + 1);

  private readonly expected = new Map<number, number>();

  /** @param genreShares share of each genre in all plays: tastes are drawn from it */
  constructor(seed: number, genreShares: AliasTable) {
    const { curves, plays, deviceShares } = rhythm();
    this.key = hashText(`listeners/${seed}`);
    this.genreShares = genreShares;
    this.curves = curves;
    this.plays = plays;
    this.devices = deviceShares.map((shares) => new AliasTable(shares));
  }

  /** The occupant of the slot on a listening day; undefined when nobody is there, or he is quiet. */
  listener(index: number, day: number): Listener | undefined {
    this.takeSlot(index);
    if (!this.tenure.takeDay(day) || this.tenure.isQuiet()) return undefined;
    const habit = this.clock % HABITS.length;
    const country = Math.floor(this.clock / HABITS.length);
    const { key } = this.tenure;
    return describeListener(index, key, country, habit, this.deviceOf(key, habit), this.genreShares);
  }

  /** The sessions of that listening day, in order. */
  dayPlan(index: number, day: number, lateRate: number): readonly PlannedSession[] {
    this.takeSlot(index);
    this.takeRate(lateRate);
    const wanted = this.sessionsOn(day);
    if (wanted === 0) return NOBODY;
    this.lay(day, wanted);
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
      const likeliest = this.offlineWithin[MOST_SESSIONS] as number;
      for (let day = this.firstBurstDay[this.clock] as number; day < first; day++) {
        if (!this.tenure.takeDay(day)) continue;
        const unit = this.offlineUnit(day);
        if (unit >= likeliest) continue;
        const wanted = this.sessionsOn(day);
        if (unit >= (this.offlineWithin[wanted] as number)) continue;
        this.lay(day, wanted);
        for (let place = 0; place < this.plan.count; place++)
          if (this.isOffline(day, place) && this.arrives(place, startMs, endMs))
            (found ??= []).push(this.session(day, place, true));
      }
    }
    for (let day = first; day <= last; day++) {
      const wanted = this.sessionsOn(day);
      if (wanted === 0) continue;
      this.lay(day, wanted);
      for (let place = 0; place < this.plan.count; place++) {
        const isOffline = this.isOffline(day, place);
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
    this.clock = CLOCK_SHARES.at(this.tenure.slot / 4_294_967_296);
  }

  private takeRate(lateRate: number): void {
    this.lateRate = lateRate;
    for (let n = 0; n <= MOST_SESSIONS; n++) this.offlineWithin[n] = 1 - (1 - lateRate) ** n;
  }

  private takeWindow(startMs: number, endMs: number): void {
    this.windowStartMs = startMs;
    this.windowEndMs = endMs;
    for (let clock = 0; clock < CLOCKS; clock++) {
      const first = this.dayAt(clock, startMs);
      let burst = first - EARLIER_DAYS;
      while (dawnMs(clock, burst + 1) + LATEST_BURST_MS <= startMs) burst++;
      this.firstBurstDay[clock] = burst;
      this.firstDay[clock] = first;
      this.lastDay[clock] = this.dayAt(clock, endMs - 1);
    }
  }

  /** The listening day of that instant. */
  private dayAt(clock: number, atMs: number): number {
    const date = dateIn(Math.floor(clock / HABITS.length), atMs);
    return atMs < dawnMs(clock, date) ? date - 1 : date;
  }

  private deviceOf(key: number, habit: number): number {
    return (this.devices[habit] as AliasTable).at(mix32(key ^ DEVICE) / 4_294_967_296);
  }

  /** How many sessions the slot's occupant plans on that day; he and his main device are known afterwards. */
  private sessionsOn(day: number): number {
    const { tenure } = this;
    if (!tenure.takeDay(day) || tenure.isQuiet()) return 0;
    const habit = this.clock % HABITS.length;
    this.mainDevice = this.deviceOf(tenure.key, habit);
    const mean =
      intensityOf(levelOf(tenure.key)) * tenure.rate() * (this.curves[this.curveOn(day)] as DayCurve).volume;
    const unit = mix32(tenure.key ^ Math.imul(day, DAY)) / 4_294_967_296;
    // Poisson by inversion; e^-x is above 1 - x.
    if (unit <= 1 - mean) return 0;
    let chance = Math.exp(-mean);
    let below = chance;
    let sessions = 0;
    while (unit >= below && sessions < MOST_SESSIONS) {
      sessions++;
      chance *= mean / sessions;
      below += chance;
    }
    return sessions;
  }

  private curveOn(day: number): number {
    return ((this.clock % HABITS.length) * DEVICES + this.mainDevice) * 7 + weekdayOf(day);
  }

  /** Lays the plan of the occupant that `sessionsOn` has found. */
  private lay(day: number, wanted: number): void {
    const dayKey = mix32(mix32(this.tenure.key ^ Math.imul(day, DAY)) ^ DAY);
    const curve = this.curves[this.curveOn(day)] as DayCurve;
    this.plan.lay(dayKey, wanted, curve, dawnMs(this.clock, day), dawnMs(this.clock, day + 1));
  }

  /** One number tells of the first offline session of the day, so that nearly all days need no plan. */
  private offlineUnit(day: number): number {
    return mix32(this.tenure.key ^ Math.imul(day, OFFLINE)) / 4_294_967_296;
  }

  /** Every session is offline with the same chance, whatever the others are. */
  private isOffline(day: number, place: number): boolean {
    const unit = this.offlineUnit(day);
    if (unit >= (this.offlineWithin[place + 1] as number)) return false;
    if (unit >= (this.offlineWithin[place] as number)) return true;
    // Not the first one.
    return mix32(this.tenure.key ^ Math.imul(day * 16 + place, OFFLINE)) / 4_294_967_296 < this.lateRate;
  }

  private arrives(place: number, startMs: number, endMs: number): boolean {
    const burstMs = this.plan.burstMs(place);
    return burstMs >= startMs && burstMs < endMs;
  }

  private session(day: number, place: number, isOffline: boolean): PlannedSession {
    const local = offsetMs(Math.floor(this.clock / HABITS.length), dawnMs(this.clock, day));
    return this.plan.session(day, place, this.mainDevice, isOffline, local);
  }
}
