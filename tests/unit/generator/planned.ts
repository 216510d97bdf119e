import fc from 'fast-check';
import { AliasTable } from '../../../generator/alias-table.ts';
import { DAY_MS } from '../../../generator/listeners/geography.ts';
import { type Listener, type PlannedSession, Population } from '../../../generator/listeners/population.ts';

export const GENRES = new AliasTable([8, 5, 4, 3, 2, 2, 1, 1]);
export const population = (seed: number): Population => new Population(seed, GENRES);

export const dayOf = (date: string): number => Date.parse(date) / DAY_MS;
export const MONDAY = dayOf('2026-01-05');
export const EARLIEST = dayOf('2000-02-01');
export const LATEST = dayOf('2097-12-01');

/** Days around the changes of the clocks are asked for as often as all the others. */
export const CHANGES = ['2026-03-08', '2026-03-29', '2026-10-25', '2026-11-01'].map(dayOf);
export const someDay = fc.oneof(
  fc.integer({ min: EARLIEST, max: LATEST }),
  fc.tuple(fc.constantFrom(...CHANGES), fc.integer({ min: -2, max: 2 })).map(([day, more]) => day + more),
);
export const someSeed = fc.integer({ min: 0, max: 0x7fffffff });
export const someIndex = fc.integer({ min: 0, max: 20_000_000 });
export const someRate = fc.constantFrom(0, 0.01, 0.3, 1);

export const endMs = ({ startMs, budgetMs }: PlannedSession): number => startMs + budgetMs;

export interface Heard {
  listener: Listener;
  session: PlannedSession;
}

/** All that is planned by the first `slots` slots. */
export function planned(
  of: Population,
  slots: number,
  firstDay: number,
  days: number,
  lateRate = 0,
): Heard[] {
  const heard: Heard[] = [];
  for (let index = 0; index < slots; index++)
    for (let day = firstDay; day < firstDay + days; day++)
      for (const session of of.dayPlan(index, day, lateRate))
        heard.push({ listener: of.listener(index, day) as Listener, session });
  return heard;
}

export const share = <T>(of: readonly T[], test: (one: T) => boolean): number =>
  of.filter(test).length / of.length;
