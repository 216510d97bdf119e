import { AliasTable } from './alias-table.ts';

/** When the clocks change: Europe's Sundays at 01:00 UTC, North America's at about 07:00 UTC, or never. */
type SummerTime = 'europe' | 'north_america' | 'none';

interface Country {
  code: string;
  /** Share of the listeners, in any unit. */
  weight: number;
  /** Minutes ahead of UTC in winter, where most of the country lives. */
  offset: number;
  summerTime: SummerTime;
}

/**
 * The rules are written out here and not asked of the runtime's time zone data: with another edition of that data the
 * same seed would give other bytes.
 */
export const COUNTRIES: readonly Country[] = [
  { code: 'US', weight: 24, offset: -360, summerTime: 'north_america' },
  { code: 'BR', weight: 9, offset: -180, summerTime: 'none' },
  { code: 'GB', weight: 8, offset: 0, summerTime: 'europe' },
  { code: 'MX', weight: 8, offset: -360, summerTime: 'none' },
  { code: 'DE', weight: 8, offset: 60, summerTime: 'europe' },
  { code: 'IN', weight: 7, offset: 330, summerTime: 'none' },
  { code: 'FR', weight: 5, offset: 60, summerTime: 'europe' },
  { code: 'ES', weight: 5, offset: 60, summerTime: 'europe' },
  { code: 'ID', weight: 4, offset: 420, summerTime: 'none' },
  { code: 'IT', weight: 4, offset: 60, summerTime: 'europe' },
  { code: 'CA', weight: 4, offset: -300, summerTime: 'north_america' },
  { code: 'JP', weight: 3, offset: 540, summerTime: 'none' },
  { code: 'NL', weight: 3, offset: 60, summerTime: 'europe' },
  { code: 'PL', weight: 3, offset: 60, summerTime: 'europe' },
  { code: 'SE', weight: 2, offset: 60, summerTime: 'europe' },
  { code: 'AR', weight: 2, offset: -180, summerTime: 'none' },
  { code: 'PH', weight: 2, offset: 480, summerTime: 'none' },
  { code: 'TR', weight: 2, offset: 180, summerTime: 'none' },
  { code: 'NO', weight: 1, offset: 60, summerTime: 'europe' },
  { code: 'ZA', weight: 1, offset: 120, summerTime: 'none' },
];

export const COUNTRY_SHARES = new AliasTable(COUNTRIES.map(({ weight }) => weight));

const HOUR = 3_600_000;

/** The `nth` Sunday of a month (-1: the last), at midnight UTC. Months count from 0. */
function sunday(year: number, month: number, nth: number): number {
  if (nth < 0) {
    const last = new Date(Date.UTC(year, month + 1, 0));
    return last.getTime() - last.getUTCDay() * 24 * HOUR;
  }
  const first = new Date(Date.UTC(year, month, 1));
  return first.getTime() + (((7 - first.getUTCDay()) % 7) + (nth - 1) * 7) * 24 * HOUR;
}

function isSummer(rule: SummerTime, atMs: number): boolean {
  const year = new Date(atMs).getUTCFullYear();
  if (rule === 'europe') return atMs >= sunday(year, 2, -1) + HOUR && atMs < sunday(year, 9, -1) + HOUR;
  if (rule === 'north_america')
    return atMs >= sunday(year, 2, 2) + 8 * HOUR && atMs < sunday(year, 10, 1) + 7 * HOUR;
  return false;
}

export interface LocalTime {
  /** 0 to 23 */
  hour: number;
  isWeekend: boolean;
}

/** The wall clock in every country, by its place in COUNTRIES. */
export function localTimes(atMs: number): LocalTime[] {
  return COUNTRIES.map(({ offset, summerTime }) => {
    const local = new Date(atMs + (offset + (isSummer(summerTime, atMs) ? 60 : 0)) * 60_000);
    const day = local.getUTCDay();
    return { hour: local.getUTCHours(), isWeekend: day === 0 || day === 6 };
  });
}
