import { mix32 } from '../random.ts';

/**
 * Periods of slots, in days: evenly on a logarithmic scale from the first to the last number. Few slots are for those
 * who try the service out, but most arrivals happen there.
 */
const PASSING: readonly [number, number] = [21, 90];
const STANDING: readonly [number, number] = [330, 3_650];
const PASSING_SHARE = 0.15;
const PERIOD_COUNT = 1_024;
const PERIODS = Uint16Array.from({ length: PERIOD_COUNT }, (_, place) => {
  const part = (place + 0.5) / PERIOD_COUNT;
  const [[shortest, longest], at] =
    part < PASSING_SHARE
      ? [PASSING, part / PASSING_SHARE]
      : [STANDING, (part - PASSING_SHARE) / (1 - PASSING_SHARE)];
  return Math.round(shortest * (longest / shortest) ** at);
});

/** Longest time from a period's beginning to the arrival, and from leaving to its end. Days. */
const LONGEST_VACANCY = 20;
const LONGEST_ABSENCE = 40;

const QUIET_DAYS = 21;
/** Some listeners never go quiet, some are quiet for a sixth of the time. */
const MOST_QUIET = 0.16;

/** Hardly anybody arrives without listening to something that very day. */
const ARRIVAL_RATE = 2.5;
/** Who leaves listens less and less in these last days. */
const FADING_DAYS = 21;
const LAST_RATE = 0.25;

/** No day comes before it: a slot has no era yet. */
const NEVER = 1_000_000_000;

const ERA = 0x27d4eb2f;
const TRAITS = 0x632be5ab;
const QUIET = 0x165667b1;
const PERIOD = 0x2545f491;

/**
 * Who occupies a slot on a day, in closed form. A slot has a period; in each of its periods one listener arrives
 * after a while and leaves before the end. As short periods come round more often, most arrivals are of listeners who
 * leave soon, while most of the days belong to listeners who stay: retention falls steeply and then goes flat.
 */
export class Tenure {
  /** 32 bits of the slot, and of the listener who holds it; signed, so that they stay whole numbers to the engine. */
  slot = 0;
  key = 0;
  /** 32 more bits of the listener, for the traits that decide when and how often he listens. */
  traits = 0;
  daysIn = 0;
  /** Days until the listener leaves, this one included. */
  daysLeft = 0;
  private period = 1;
  private offset = 0;
  private eraStart = 0;
  private arrival = 0;
  private leave = 0;

  takeSlot(seedKey: number, index: number): void {
    this.slot = mix32(seedKey ^ Math.imul(index + 1, 0x9e3779b1)) | 0;
    const hash = mix32(this.slot ^ PERIOD);
    this.period = PERIODS[hash & (PERIOD_COUNT - 1)] as number;
    this.offset = Math.floor(((hash >>> 10) / 4_194_304) * this.period);
    this.eraStart = NEVER;
  }

  /** @returns whether somebody is there on that day, quiet or not */
  takeDay(day: number): boolean {
    let place = day - this.eraStart;
    // Days are asked for in rows, nearly always of one era.
    if (place < 0 || place >= this.period) {
      this.takeEra(Math.floor((day - this.offset) / this.period));
      place = day - this.eraStart;
    }
    this.daysIn = place - this.arrival;
    this.daysLeft = this.leave - place;
    return this.daysIn >= 0 && this.daysLeft > 0;
  }

  private takeEra(era: number): void {
    const { period } = this;
    this.eraStart = this.offset + era * period;
    const key = mix32(this.slot ^ Math.imul(era + 1, ERA)) | 0;
    this.key = key;
    this.traits = mix32(key ^ TRAITS) | 0;
    this.arrival = ((key & 255) * Math.min(period >> 2, LONGEST_VACANCY)) >> 8;
    const share = ((key >>> 8) & 255) / 256;
    this.leave =
      period <= PASSING[1]
        ? this.arrival + 1 + Math.floor(share ** 2 * (period - this.arrival))
        : period - Math.floor(share * LONGEST_ABSENCE);
  }

  /** Listeners pause for some weeks now and then, never in their first ones. */
  isQuiet(): boolean {
    const spell = Math.floor(this.daysIn / QUIET_DAYS);
    if (spell === 0) return false;
    const chance = ((this.key >>> 16) & 255) * (MOST_QUIET / 256);
    return mix32(this.key ^ Math.imul(spell, QUIET)) < chance * 4_294_967_296;
  }

  /** The listener's intensity on this day, relative to his usual one. */
  rate(): number {
    if (this.daysIn === 0) return ARRIVAL_RATE;
    if (this.daysLeft >= FADING_DAYS) return 1;
    return LAST_RATE + ((1 - LAST_RATE) * this.daysLeft) / FADING_DAYS;
  }
}
