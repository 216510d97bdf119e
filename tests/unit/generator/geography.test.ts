import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import {
  COUNTRIES,
  dateIn,
  instantOf,
  localHour,
  weekdayOf,
} from '../../../generator/listeners/geography.ts';
import { MONDAY, someDay } from './planned.ts';

// A busy machine may need seconds for some hundred thousand days.
vi.setConfig({ testTimeout: 60_000 });

describe('time', () => {
  test('clocks change where they change', () => {
    const hourAt = (code: string, at: string): number =>
      localHour(
        COUNTRIES.findIndex((country) => country.code === code),
        Date.parse(at),
      );
    expect(hourAt('SE', '2026-01-05T08:00Z')).toBe(9);
    expect(hourAt('SE', '2026-03-29T00:59Z')).toBe(1);
    expect(hourAt('SE', '2026-03-29T01:00Z')).toBe(3);
    expect(hourAt('SE', '2026-10-25T01:00Z')).toBe(2);
    expect(hourAt('US', '2026-03-08T07:59Z')).toBe(1);
    expect(hourAt('US', '2026-03-08T08:00Z')).toBe(3);
    expect(hourAt('US', '2026-11-01T06:59Z')).toBe(1);
    expect(hourAt('US', '2026-11-01T07:00Z')).toBe(1);
    expect(hourAt('CA', '2026-07-05T08:00Z')).toBe(4);
    expect(hourAt('IN', '2026-07-05T08:00Z')).toBe(13);
  });

  test('agrees with the runtime about every zone', () => {
    const zones = { US: 'America/Chicago', DE: 'Europe/Berlin', GB: 'Europe/London', JP: 'Asia/Tokyo' };
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.entries(zones)),
        fc.integer({ min: Date.UTC(2008, 0, 1), max: Date.UTC(2030, 0, 1) }),
        ([code, timeZone], at) => {
          const country = COUNTRIES.findIndex((one) => one.code === code);
          const wall = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', hourCycle: 'h23' });
          expect(localHour(country, at)).toBe(Number(wall.format(at)));
        },
      ),
    );
  });

  test('an hour of a date is found again', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: COUNTRIES.length - 1 }),
        someDay,
        fc.integer({ min: 4, max: 23 }),
        (country, day, hour) => {
          const at = instantOf(country, day, hour);
          expect([dateIn(country, at), localHour(country, at)]).toEqual([day, hour]);
          expect([dateIn(country, at - 1), localHour(country, at - 1)]).toEqual([day, hour - 1]);
        },
      ),
    );
    expect(weekdayOf(MONDAY)).toBe(0);
  });
});
