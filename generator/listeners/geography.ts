/** When the clocks change: Europe's Sundays at 01:00 UTC, North America's at 02:00 by the wall, or never. */
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
 * same seed would give other bytes. Today's rules hold in all years.
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

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
const MINUTE_MS = 60_000;

/** The `nth` Sunday of a month (-1: the last), at midnight UTC. Months count from 0. */
function sunday(year: number, month: number, nth: number): number {
  if (nth < 0) {
    const last = new Date(Date.UTC(year, month + 1, 0));
    return last.getTime() - last.getUTCDay() * DAY_MS;
  }
  const first = new Date(Date.UTC(year, month, 1));
  return first.getTime() + (((7 - first.getUTCDay()) % 7) + (nth - 1) * 7) * DAY_MS;
}

/** From when until when summer time holds in that year. */
function summer({ offset, summerTime }: Country, year: number): [fromMs: number, untilMs: number] {
  if (summerTime === 'europe') return [sunday(year, 2, -1) + HOUR_MS, sunday(year, 9, -1) + HOUR_MS];
  if (summerTime === 'north_america') {
    const wall = 2 * HOUR_MS - offset * MINUTE_MS;
    return [sunday(year, 2, 2) + wall, sunday(year, 10, 1) + wall - HOUR_MS];
  }
  return [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
}

/** Per country the stretch of time that was asked for last, and the offset that holds in all of it. */
const knownFrom = new Float64Array(COUNTRIES.length).fill(Number.POSITIVE_INFINITY);
const knownUntil = new Float64Array(COUNTRIES.length);
const knownOffset = new Int32Array(COUNTRIES.length);

/** Milliseconds that the country's clocks are ahead of UTC at that instant. */
export function offsetMs(country: number, atMs: number): number {
  if (atMs < (knownFrom[country] as number) || atMs >= (knownUntil[country] as number))
    learnOffset(country, atMs);
  return knownOffset[country] as number;
}

function learnOffset(country: number, atMs: number): void {
  const rules = COUNTRIES[country] as Country;
  const year = new Date(atMs).getUTCFullYear();
  const [from, until] = summer(rules, year);
  const isSummer = atMs >= from && atMs < until;
  const start = Date.UTC(year, 0, 1);
  const end = Date.UTC(year + 1, 0, 1);
  knownFrom[country] = isSummer ? from : atMs < from ? start : until;
  knownUntil[country] = isSummer ? until : Math.min(atMs < from ? from : end, end);
  knownOffset[country] = (rules.offset + (isSummer ? 60 : 0)) * MINUTE_MS;
}

/** 0 to 23, by the country's clocks. */
export function localHour(country: number, atMs: number): number {
  const local = atMs + offsetMs(country, atMs);
  return Math.floor(local / HOUR_MS) - Math.floor(local / DAY_MS) * 24;
}

/** Days since 1970 by the country's calendar. */
export function dateIn(country: number, atMs: number): number {
  return Math.floor((atMs + offsetMs(country, atMs)) / DAY_MS);
}

/** Days since 1970 in UTC. */
export function dayAt(atMs: number): number {
  return Math.floor(atMs / DAY_MS);
}

/** 0 is Monday. */
export function weekdayOf(date: number): number {
  return (date + 3) % 7;
}

/**
 * When the clocks show `hour` on that date. The clocks change before four in the morning, so from then on every hour
 * of a date comes exactly once.
 */
export function instantOf(country: number, date: number, hour: number): number {
  const local = date * DAY_MS + hour * HOUR_MS;
  const winter = (COUNTRIES[country] as Country).offset * MINUTE_MS;
  return local - offsetMs(country, local - winter);
}
