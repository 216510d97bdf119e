import { around, QUARTERS_A_DAY, WEEK } from './habits.ts';

/**
 * Plays by local hour of a weekend day: in the bands 0-4, 5-9, 10-15, 16-19, 20-23 the shares of the Music Streaming
 * Sessions Dataset (a weekend): 9.9, 8.6, 35.3, 25.2, 21.0 %. Inside a band they are only smooth.
 */
const WEEKEND_HOURS = [
  3.4, 2.4, 1.7, 1.25, 1.15, 1.05, 1.1, 1.4, 2.05, 3, 4.5, 5.5, 6.1, 6.4, 6.4, 6.4, 6.4, 6.35, 6.3, 6.15, 5.8,
  5.5, 5.2, 4.5,
];
const WEEKEND_BANDS: readonly [from: number, to: number, share: number][] = [
  [0, 5, 9.9],
  [5, 10, 8.6],
  [10, 16, 35.3],
  [16, 20, 25.2],
  [20, 24, 21],
];

export interface DeviceClass {
  /** The contract's devices in it, by place. */
  devices: readonly number[];
  /** Local hour and height of the morning and the evening peak of a weekday; on mobiles an hour before desktops. */
  morning: readonly [hour: number, height: number];
  evening: readonly [hour: number, height: number];
  /** Plays of a day relative to those of a Monday: Monday to Sunday. */
  days: readonly number[];
}

/** Peaks and trough of weekdays: Zhang et al. 2013, "Understanding user behavior in Spotify". */
export const DEVICE_CLASSES: readonly DeviceClass[] = [
  { devices: [0, 5], morning: [8.8, 1], evening: [18.2, 1.3], days: [1, 1, 1, 1, 1.05, 1, 0.93] },
  { devices: [1, 2], morning: [9.8, 1.3], evening: [19.2, 1], days: [1, 1, 1, 1, 0.95, 0.75, 0.75] },
  { devices: [3, 4], morning: [9.8, 0.6], evening: [19.4, 1.5], days: [1, 1, 1, 1, 1.05, 1.2, 1.2] },
];

/** The nights before Saturday and Sunday are long, the one before Monday is short. */
function nightFactor(date: number, hour: number): number {
  if (date === 4) return 1 + 0.1 * Math.max(0, hour - 19);
  if (date === 5) return hour < 5 ? 0.9 : hour >= 20 ? 1.08 : 1;
  if (date === 6) return hour < 5 ? 1.1 : hour >= 20 ? 0.92 : 1;
  return 1;
}

/** Plays of a class by quarter-hour of the week, mean 1. */
export function playsOf({ morning, evening, days }: DeviceClass): Float64Array {
  const weekday = Float64Array.from({ length: 24 }, (_, hour) => {
    const at = hour + 0.5;
    return (
      0.3 -
      0.17 * around(at, 2.3, 1.7) +
      morning[1] * around(at, morning[0], 1.35) +
      evening[1] * around(at, evening[0], 1.6) +
      0.95 * around(at, 13.2, 2.6) +
      0.65 * around(at, 21.4, 1.6)
    );
  });
  const total = weekday.reduce((sum, height) => sum + height, 0);
  const hours = Float64Array.from({ length: 168 }, (_, hour) => {
    const date = Math.floor(hour / 24);
    const height =
      date < 5 ? ((weekday[hour % 24] as number) / total) * 100 : (WEEKEND_HOURS[hour % 24] as number);
    return height * (days[date] as number) * nightFactor(date, hour % 24);
  });
  const quarters = Float64Array.from({ length: WEEK }, (_, quarter) => {
    const hour = quarter / 4 + 0.125 - 0.5 + 168;
    const part = hour - Math.floor(hour);
    const before = hours[Math.floor(hour) % 168] as number;
    return before + part * ((hours[(Math.floor(hour) + 1) % 168] as number) - before);
  });
  // What the straight lines and the nights have moved across the bands' edges is given back.
  const saturday = 5 * QUARTERS_A_DAY;
  const bandOf = (quarter: number): number =>
    WEEKEND_BANDS.findIndex(([, to]) => (quarter % QUARTERS_A_DAY) / 4 < to);
  const heard = WEEKEND_BANDS.map(() => 0);
  for (let i = saturday; i < WEEK; i++) heard[bandOf(i)]! += quarters[i] as number;
  const whole = heard.reduce((sum, plays) => sum + plays, 0);
  for (let i = saturday; i < WEEK; i++) {
    const band = bandOf(i);
    const [, , share] = WEEKEND_BANDS[band] as [number, number, number];
    quarters[i] = (quarters[i] as number) * (((share / 100) * whole) / (heard[band] as number));
  }
  return scaledToMean(quarters);
}

/** A curve as heights around a mean of 1. */
export function scaledToMean(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value / mean);
}
