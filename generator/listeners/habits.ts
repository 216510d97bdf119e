/** Quarter-hours of a week, from Monday 00:00. */
export const WEEK = 672;
export const QUARTERS_A_DAY = 96;

export interface Habit {
  name: string;
  /** Share of the listeners, in any unit. */
  weight: number;
  /** Local hour at which the listening day begins: in the hour before it they are asleep. */
  dawn: number;
  /** How much they favour each quarter-hour of the week over the others. */
  favour: Float64Array;
  /** Shares of main devices, relative to all listeners: in the order of the contract's devices. */
  devices: readonly number[];
  /** Shares of age bands. */
  ages: readonly number[];
}

/** A bump around `hour`, across midnight too. */
export function around(hour: number, centre: number, width: number): number {
  const distance = Math.abs(((hour - centre + 36) % 24) - 12);
  return Math.exp(-0.5 * (distance / width) ** 2);
}

function favour(
  dawn: number,
  weekday: (hour: number) => number,
  weekend: (hour: number) => number,
): Float64Array {
  return Float64Array.from({ length: WEEK }, (_, quarter) => {
    const hour = (quarter % QUARTERS_A_DAY) / 4 + 0.125;
    if (hour >= dawn - 1 && hour < dawn) return 0;
    return quarter >= 5 * QUARTERS_A_DAY ? weekend(hour) : weekday(hour);
  });
}

/** Dawns differ, so that the hour of the night without anybody is another one in each group. */
export const HABITS: readonly Habit[] = [
  {
    name: 'early_birds',
    weight: 18,
    dawn: 4,
    favour: favour(
      4,
      (hour) => 0.12 + around(hour, 6.5, 1.7) + 0.25 * around(hour, 16, 2.5),
      (hour) => 0.12 + around(hour, 7.5, 2) + 0.2 * around(hour, 16, 3),
    ),
    devices: [1.1, 0.7, 0.8, 1, 0.7, 1.6],
    ages: [4, 14, 22, 23, 19, 18],
  },
  {
    name: 'working_hours',
    weight: 24,
    dawn: 5,
    favour: favour(
      5,
      (hour) => 0.15 + 1.2 * around(hour, 10.5, 2) + around(hour, 15, 2),
      (hour) => 0.14 + 0.45 * around(hour, 13, 3.5),
    ),
    devices: [0.8, 2, 1.6, 0.6, 0.4, 0.7],
    ages: [1, 20, 36, 24, 13, 6],
  },
  {
    name: 'all_day',
    weight: 20,
    dawn: 6,
    favour: favour(
      6,
      () => 0.8,
      () => 0.8,
    ),
    devices: [1, 0.9, 0.9, 1.2, 1, 1.2],
    ages: [8, 24, 25, 19, 14, 10],
  },
  {
    name: 'evenings',
    weight: 27,
    dawn: 7,
    favour: favour(
      7,
      (hour) => 0.12 + 1.1 * around(hour, 19.5, 2.3),
      (hour) => 0.2 + around(hour, 19, 3.2),
    ),
    devices: [1, 0.7, 0.9, 1.4, 2, 0.8],
    ages: [14, 27, 25, 16, 11, 7],
  },
  {
    name: 'night_owls',
    weight: 11,
    dawn: 9,
    favour: favour(
      9,
      (hour) => 0.1 + 1.4 * around(hour, 0.5, 2.6),
      (hour) => 0.14 + 1.5 * around(hour, 1, 2.8),
    ),
    devices: [1.1, 1.1, 1.1, 0.7, 0.8, 0.3],
    ages: [15, 43, 23, 10, 6, 3],
  },
];
