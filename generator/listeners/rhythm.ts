import { HABITS, QUARTERS_A_DAY, WEEK } from './habits.ts';
import { inverse } from './quantiles.ts';

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

interface DeviceClass {
  /** The contract's devices in it, by place. */
  devices: readonly number[];
  /** Local hour and height of the morning and the evening peak of a weekday; on mobiles an hour before desktops. */
  morning: readonly [hour: number, height: number];
  evening: readonly [hour: number, height: number];
  /** Plays of a day relative to those of a Monday: Monday to Sunday. */
  days: readonly number[];
}

/** Peaks and trough of weekdays: Zhang et al. 2013, "Understanding user behavior in Spotify". */
const DEVICE_CLASSES: readonly DeviceClass[] = [
  { devices: [0, 5], morning: [8.7, 1], evening: [17.6, 1.3], days: [1, 1, 1, 1, 1.05, 1, 0.93] },
  { devices: [1, 2], morning: [9.8, 1.3], evening: [18.7, 1], days: [1, 1, 1, 1, 0.95, 0.75, 0.75] },
  { devices: [3, 4], morning: [9.8, 0.6], evening: [19.2, 1.5], days: [1, 1, 1, 1, 1.05, 1.2, 1.2] },
];

/** Class of each device, in the contract's order. */
const CLASS_OF_DEVICE = [0, 1, 1, 2, 2, 0];

/** Relative shares of main devices in each habit are turned so that, over all listeners, these come out. */
const MAIN_DEVICES = [57, 17, 9, 9, 3, 5];

function bump(hour: number, centre: number, width: number): number {
  const distance = Math.abs(((hour - centre + 36) % 24) - 12);
  return Math.exp(-0.5 * (distance / width) ** 2);
}

/** Plays of a class by quarter-hour of the week, mean 1. */
function playsOf({ morning, evening, days }: DeviceClass): Float64Array {
  const weekday = Float64Array.from({ length: 24 }, (_, hour) => {
    const at = hour + 0.5;
    return (
      0.22 +
      morning[1] * bump(at, morning[0], 1.35) +
      evening[1] * bump(at, evening[0], 1.6) +
      0.95 * bump(at, 13.2, 2.6) +
      0.75 * bump(at, 21.6, 1.9)
    );
  });
  const total = weekday.reduce((sum, height) => sum + height, 0);
  const hours = Float64Array.from({ length: 168 }, (_, hour) => {
    const date = Math.floor(hour / 24);
    const height =
      date < 5 ? ((weekday[hour % 24] as number) / total) * 100 : (WEEKEND_HOURS[hour % 24] as number);
    return height * (days[date] as number);
  });
  const quarters = Float64Array.from({ length: WEEK }, (_, quarter) => {
    const hour = quarter / 4 + 0.125 - 0.5 + 168;
    const part = hour - Math.floor(hour);
    const before = hours[Math.floor(hour) % 168] as number;
    return before + part * ((hours[(Math.floor(hour) + 1) % 168] as number) - before);
  });
  // Straight lines between the hours move a little across the bands' edges; it is given back.
  for (let date = 5; date < 7; date++) {
    const start = date * QUARTERS_A_DAY;
    const whole = sum(quarters, start, start + QUARTERS_A_DAY);
    const factors = WEEKEND_BANDS.map(
      ([from, to, share]) => (share / 100) * (whole / sum(quarters, start + from * 4, start + to * 4)),
    );
    WEEKEND_BANDS.forEach(([from, to], band) => {
      for (let i = start + from * 4; i < start + to * 4; i++)
        quarters[i] = (quarters[i] as number) * (factors[band] as number);
    });
  }
  return scaledToMean(quarters);
}

function sum(values: Float64Array, from: number, to: number): number {
  let total = 0;
  for (let i = from; i < to; i++) total += values[i] as number;
  return total;
}

function scaledToMean(values: Float64Array): Float64Array {
  const mean = sum(values, 0, values.length) / values.length;
  return values.map((value) => value / mean);
}

/**
 * When sessions must start so that their plays come at the wished times: plays follow their session's start by
 * `lag[k]` in the k-th quarter-hour after it (Richardson and Lucy's way of taking a blur away).
 */
function startsFor(plays: Float64Array, lag: readonly number[]): Float64Array {
  let starts = plays.slice();
  for (let round = 0; round < 25; round++) {
    const ratio = new Float64Array(WEEK);
    for (let i = 0; i < WEEK; i++) {
      let blurred = 0;
      for (let k = 0; k < lag.length; k++)
        blurred += (lag[k] as number) * (starts[(i - k + WEEK) % WEEK] as number);
      ratio[i] = (plays[i] as number) / blurred;
    }
    starts = starts.map((start, i) => {
      let factor = 0;
      for (let k = 0; k < lag.length; k++) factor += (lag[k] as number) * (ratio[(i + k) % WEEK] as number);
      return start * factor;
    });
  }
  return starts;
}

/** Listening of one habit on one class of devices, on one weekday: 0 is Monday. */
export interface DayCurve {
  /** Sessions of the listening day relative to the mean day of a week. */
  volume: number;
  /** Uniform numbers turned into quarter-hours since the listening day's dawn. */
  starts: Float32Array;
}

export const CURVE_CELL_BITS = 9;

export interface Rhythm {
  /** Shares of main devices in a habit: `[habit][device]`. */
  deviceShares: readonly (readonly number[])[];
  /** Curve of (habit, main device, weekday): `(habit * 6 + device) * 7 + weekday`. */
  curves: readonly DayCurve[];
  /** Plays of all listeners by local quarter-hour of the week, mean 1. */
  plays: Float64Array;
}

/**
 * Divides the published rhythm among the habits. Each gets the part of every quarter-hour that its favour of it is
 * worth against the others'; so habits differ, and their mixture is the published curve.
 *
 * @param lag share of a session's plays in each quarter-hour after its start
 */
export function rhythmOf(lag: readonly number[]): Rhythm {
  const deviceShares = sharesOfDevices();
  const habitTotal = HABITS.reduce((total, { weight }) => total + weight, 0);
  const plays = new Float64Array(WEEK);
  const byHabit = HABITS.map((): Float64Array[] => []);
  for (const deviceClass of DEVICE_CLASSES) {
    const wished = playsOf(deviceClass);
    const weights = HABITS.map(
      ({ weight }, habit) =>
        (weight / habitTotal) *
        deviceClass.devices.reduce(
          (total, device) => total + ((deviceShares[habit] as readonly number[])[device] as number),
          0,
        ),
    );
    const classShare = weights.reduce((total, weight) => total + weight, 0);
    for (let i = 0; i < WEEK; i++) plays[i] = (plays[i] as number) + classShare * (wished[i] as number);
    const parts = divided(
      startsFor(wished, lag),
      weights.map((weight) => weight / classShare),
    );
    for (const [habit, part] of parts.entries()) byHabit[habit]?.push(part);
  }
  const curves = HABITS.flatMap(({ dawn }, habit) => {
    const ofClass = (byHabit[habit] as Float64Array[]).map((part) => daysOf(part, dawn));
    return CLASS_OF_DEVICE.flatMap((place) => ofClass[place] as DayCurve[]);
  });
  return { deviceShares, curves, plays: scaledToMean(plays) };
}

/** Scales alternate between rows and columns until the habits' own shares add up to those of all listeners. */
function sharesOfDevices(): number[][] {
  const shares = HABITS.map(({ devices }) =>
    devices.map((factor, device) => factor * (MAIN_DEVICES[device] as number)),
  );
  for (let round = 0; round < 50; round++) {
    for (const row of shares) {
      const total = row.reduce((sum, share) => sum + share, 0);
      row.forEach((share, device) => {
        row[device] = share / total;
      });
    }
    MAIN_DEVICES.forEach((wished, device) => {
      const total = HABITS.reduce(
        (sum, { weight }, habit) => sum + weight * (shares[habit]?.[device] ?? 0),
        0,
      );
      for (const row of shares) row[device] = ((row[device] as number) * wished) / total;
    });
  }
  return shares.map((row) => {
    const total = row.reduce((sum, share) => sum + share, 0);
    return row.map((share) => share / total);
  });
}

/** Every habit's curve, mean 1; weighted they add up to `whole`. */
function divided(whole: Float64Array, weights: readonly number[]): Float64Array[] {
  const scales = HABITS.map(() => 1);
  let parts: Float64Array[] = [];
  for (let round = 0; round < 60; round++) {
    parts = HABITS.map(() => new Float64Array(WEEK));
    for (let i = 0; i < WEEK; i++) {
      let all = 0;
      HABITS.forEach(({ favour }, habit) => {
        all += (weights[habit] as number) * (scales[habit] as number) * (favour[i] as number);
      });
      HABITS.forEach(({ favour }, habit) => {
        (parts[habit] as Float64Array)[i] =
          ((whole[i] as number) * (scales[habit] as number) * (favour[i] as number)) / all;
      });
    }
    parts.forEach((part, habit) => {
      scales[habit] = (scales[habit] as number) / (sum(part, 0, WEEK) / WEEK);
    });
  }
  return parts;
}

function daysOf(week: Float64Array, dawn: number): DayCurve[] {
  return Array.from({ length: 7 }, (_, weekday) => {
    const densities = Float64Array.from(
      { length: QUARTERS_A_DAY },
      (_, quarter) => week[(weekday * QUARTERS_A_DAY + dawn * 4 + quarter) % WEEK] as number,
    );
    return {
      volume: sum(densities, 0, QUARTERS_A_DAY) / QUARTERS_A_DAY,
      starts: inverse(densities, 2 ** CURVE_CELL_BITS),
    };
  });
}
