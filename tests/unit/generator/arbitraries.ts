import fc from 'fast-check';
import type { VolumeShape } from '../../../contracts/steps.ts';
import { WINDOW_MS, windowIdAt } from '../../../contracts/window.ts';
import { DEFAULT_DEFECT_RATES, type DefectRates } from '../../../generator/records/defects.ts';

const DAY_MS = 24 * WINDOW_MS;

/** Most of them small: each new one builds a catalogue. */
export const anySeed = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 5 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 2 ** 31 }) },
  { weight: 1, arbitrary: fc.maxSafeNat() },
);

/** The `nth` Sunday of a month counted from 0; -1 is the last. */
function sunday(year: number, month: number, nth: number): number {
  const days = Array.from({ length: 31 }, (_, day) => new Date(Date.UTC(year, month, day + 1)));
  const sundays = days.filter((day) => day.getUTCMonth() === month && day.getUTCDay() === 0);
  return (sundays.at(nth < 0 ? nth : nth - 1) as Date).getTime();
}

const year = fc.integer({ min: 2000, max: 2097 });

/** Hours around which clocks change: Europe's at 01:00 UTC, North America's at 08:00 and 07:00. */
const changeOfClocks = fc
  .tuple(
    year,
    fc.constantFrom([2, -1, 1] as const, [9, -1, 1] as const, [2, 2, 8] as const, [10, 1, 7] as const),
    fc.integer({ min: -3, max: 3 }),
  )
  .map(([year, [month, nth, hour], beside]) => sunday(year, month, nth) + (hour + beside) * WINDOW_MS);

const weekend = fc
  .tuple(year, fc.integer({ min: 0, max: 11 }), fc.integer({ min: 0, max: 47 }))
  .map(([year, month, hour]) => sunday(year, month, 1) - DAY_MS + hour * WINDOW_MS);

const edgeOfYear = fc
  .tuple(year, fc.constantFrom(Date.UTC(2000, 0, 1), Date.UTC(2000, 1, 29)), fc.integer({ min: -2, max: 2 }))
  .map(([year, day, hour]) => new Date(day).setUTCFullYear(year) + hour * WINDOW_MS);

const anyHour = fc
  .integer({ min: Date.UTC(2000, 1, 2) / WINDOW_MS, max: Date.UTC(2097, 11, 30) / WINDOW_MS })
  .map((hour) => hour * WINDOW_MS);

/** Windows of all the years that the contract knows, and more than their share of the awkward ones. */
export const anyWindow = fc
  .oneof({ weight: 3, arbitrary: anyHour }, changeOfClocks, weekend, edgeOfYear)
  .filter((ms) => ms >= Date.UTC(2000, 1, 2) && ms < Date.UTC(2097, 11, 30))
  .map((ms) => windowIdAt(ms));

export const anyShape = fc.constantFrom<VolumeShape>('flat', 'diurnal');

const KINDS = Object.keys(DEFAULT_DEFECT_RATES) as (keyof DefectRates)[];

/** Every rate the same. */
export const allRates = (rate: number): DefectRates =>
  Object.fromEntries(KINDS.map((kind) => [kind, rate])) as DefectRates;

/** Defects that lose no event: what is sent twice, late or out of order is still there. */
export const losslessRates = (rates: {
  duplicate: number;
  late: number;
  out_of_order: number;
}): DefectRates => ({
  ...allRates(0),
  ...rates,
});

export const anyLosslessRates = fc
  .record({
    duplicate: fc.constantFrom(0, 0.02, 0.2),
    late: fc.constantFrom(0, 0.01, 0.3),
    out_of_order: fc.constantFrom(0, 0.02, 0.2),
  })
  .map(losslessRates);
