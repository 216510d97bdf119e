import { HABITS, QUARTERS_A_DAY, WEEK } from './habits.ts';
import { DEVICE_CLASSES, playsOf, scaledToMean } from './published-rhythm.ts';
import { inverse } from './quantiles.ts';

/** Class of each device, in the contract's order. */
const CLASS_OF_DEVICE = [0, 1, 1, 2, 2, 0];

/** Relative shares of main devices in each habit are turned so that, over all listeners, these come out. */
const MAIN_DEVICES = [61, 16, 8, 8, 3, 4];

function sum(values: Float64Array, from: number, to: number): number {
  let total = 0;
  for (let i = from; i < to; i++) total += values[i] as number;
  return total;
}

/** When the plays of a session come: shares of the quarter-hours from `first` on after the one in which it was drawn. */
export interface PlayLag {
  first: number;
  shares: readonly number[];
}

/**
 * When sessions must be drawn so that their plays come at the wished times (Richardson and Lucy's way of taking a blur
 * away).
 */
function startsFor(plays: Float64Array, { first, shares }: PlayLag): Float64Array {
  let starts = plays.slice();
  for (let round = 0; round < 12; round++) {
    const ratio = new Float64Array(WEEK);
    for (let i = 0; i < WEEK; i++) {
      let blurred = 0;
      for (let k = 0; k < shares.length; k++)
        blurred += (shares[k] as number) * (starts[(i - k - first + WEEK) % WEEK] as number);
      ratio[i] = (plays[i] as number) / blurred;
    }
    starts = starts.map((start, i) => {
      let factor = 0;
      for (let k = 0; k < shares.length; k++)
        factor += (shares[k] as number) * (ratio[(i + k + first + WEEK) % WEEK] as number);
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
  /** Curve of (habit, main device, weekday): `(habit * 6 + device) * 7 + weekday`. */
  curves: readonly DayCurve[];
  /** Plays of all listeners by local quarter-hour of the week, mean 1. */
  plays: Float64Array;
}

/**
 * Divides the published rhythm among the habits. Each gets the part of every quarter-hour that its favour of it is
 * worth against the others'; so habits differ, and their mixture is the published curve.
 */
export function rhythmOf(lag: PlayLag): Rhythm {
  const habitTotal = HABITS.reduce((total, { weight }) => total + weight, 0);
  const plays = new Float64Array(WEEK);
  const byHabit = HABITS.map((): Float64Array[] => []);
  for (const deviceClass of DEVICE_CLASSES) {
    const wished = playsOf(deviceClass);
    const weights = HABITS.map(
      ({ weight }, habit) =>
        (weight / habitTotal) *
        deviceClass.devices.reduce((total, device) => total + (mainDeviceShares(habit)[device] as number), 0),
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
  return { curves, plays: scaledToMean(plays) };
}

const DEVICE_SHARES = sharesOfDevices();

/** Shares of main devices among the listeners of a habit, in the contract's order. */
export function mainDeviceShares(habit: number): readonly number[] {
  return DEVICE_SHARES[habit] as number[];
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
  const parts = HABITS.map(() => new Float64Array(WEEK));
  for (let round = 0; round < 30; round++) {
    const all = new Float64Array(WEEK);
    for (const [habit, { favour }] of HABITS.entries()) {
      const weight = (weights[habit] as number) * (scales[habit] as number);
      for (let i = 0; i < WEEK; i++) all[i] = (all[i] as number) + weight * (favour[i] as number);
    }
    for (const [habit, { favour }] of HABITS.entries()) {
      const part = parts[habit] as Float64Array;
      const scale = scales[habit] as number;
      for (let i = 0; i < WEEK; i++)
        part[i] = ((whole[i] as number) * scale * (favour[i] as number)) / (all[i] as number);
      scales[habit] = scale / (sum(part, 0, WEEK) / WEEK);
    }
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
