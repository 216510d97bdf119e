import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WINDOW_MS } from '../../../contracts/window.ts';
import type { Delivery } from '../../../generator/records/cell.ts';
import { type DefectRates, NO_DEFECTS } from '../../../generator/records/defects.ts';
import { LIVE, openCell, parsed, START } from './open-cell.ts';

describe('sending', () => {
  const HOURS = 3;
  const LATE: DefectRates = { ...NO_DEFECTS, late: 0.01 };

  /** What each window sends of a session of one event at each instant: instants of occurrence and sending. */
  function sentBy(delivery: Delivery, rates: DefectRates, occurred: readonly number[]): number[][][] {
    return Array.from({ length: HOURS }, (_, hour) => {
      const { cell, lines } = openCell({ startMs: START + hour * WINDOW_MS, rates, stream: `cell/${hour}` });
      cell.begin(delivery);
      cell.envelope('l-a', 's-a', 0, 'SE');
      for (const at of occurred) if (!cell.playback(at, true, 1, 1, 0, 0, false, 0)) break;
      return lines().map((line) => {
        const event = parsed(line);
        return [Date.parse(event.occurred_at), Date.parse(event.sent_at)];
      });
    });
  }

  const gaps = fc.array(fc.oneof(fc.nat(3), fc.nat(200_000)), { minLength: 1, maxLength: 60 });
  const begin = fc.integer({ min: 0, max: WINDOW_MS });
  const instants = (first: number, between: readonly number[]): number[] => {
    let at = first;
    return between.map((gap) => (at += gap));
  };

  test('windows share a session out: each event once, in order, each later than the one before', () => {
    fc.assert(
      fc.property(gaps, begin, fc.nat(5_000), (between, first, lagMs) => {
        const occurred = instants(START + first, between).filter(
          (at) => at + 60_000 < START + HOURS * WINDOW_MS,
        );
        const windows = sentBy({ ...LIVE, lagMs }, LATE, occurred);
        expect(windows.flat().map(([at]) => at)).toEqual(occurred);
        for (const [hour, sent] of windows.entries())
          for (const [, at] of sent) expect(Math.floor(((at as number) - START) / WINDOW_MS)).toBe(hour);
        let before = 0;
        for (const [occurredAt, sentAt] of windows.flat() as [number, number][]) {
          expect(sentAt).toBe(Math.max(before + 1, occurredAt + lagMs));
          before = sentAt;
        }
      }),
    );
  });

  test('without lateness nothing is sent in another hour than it occurred', () => {
    fc.assert(
      fc.property(gaps, begin, fc.nat(5_000), (between, first, lagMs) => {
        const occurred = instants(START + first, between).filter((at) => at < START + HOURS * WINDOW_MS);
        const windows = sentBy({ ...LIVE, lagMs }, NO_DEFECTS, occurred);
        expect(windows.flat().map(([at]) => at)).toEqual(occurred);
        for (const [hour, sent] of windows.entries())
          for (const at of sent.flat()) expect(Math.floor((at - START) / WINDOW_MS)).toBe(hour);
      }),
    );
  });

  test('a burst is sent at once, across the hour too, and counts as late', () => {
    fc.assert(
      fc.property(
        gaps,
        fc.integer({ min: 0, max: 2 * WINDOW_MS }),
        fc.nat(5_000),
        (between, burst, lagMs) => {
          const occurred = instants(START - 24 * WINDOW_MS, between);
          const burstMs = START + burst;
          const windows = sentBy({ lagMs, burstMs, isOffline: true }, LATE, occurred);
          expect(windows.flat().map(([at]) => at)).toEqual(occurred);
          let before = burstMs;
          for (const [, sentAt] of windows.flat() as [number, number][]) {
            expect(sentAt - before).toBeGreaterThan(10);
            expect(sentAt - before).toBeLessThan(200);
            before = sentAt;
          }
        },
      ),
    );
  });

  test('what is sent at the last millisecond is of the window, at its end of the next', () => {
    const [first, second] = sentBy({ ...LIVE, lagMs: 1 }, LATE, [
      START + WINDOW_MS - 2,
      START + WINDOW_MS - 1,
    ]) as [number[][], number[][]];
    expect([first.length, second.length]).toEqual([1, 1]);
    expect(second[0]?.[1]).toBe(START + WINDOW_MS);
  });

  test('a session knows nothing of the one before it', () => {
    const { cell, lines } = openCell({});
    for (const at of [START + 900_000, START]) {
      cell.begin(LIVE);
      cell.envelope(`l-${at}`, 's-a', 0, 'SE');
      cell.playback(at, true, 1, 1, 0, 0, false, 0);
    }
    expect(lines().map((line) => Date.parse(parsed(line).sent_at) - START)).toEqual([400, 900_400]);
  });

  test('a full cell, and one whose window is over, want no more', () => {
    const { cell, lines } = openCell({ quota: 1 });
    cell.begin(LIVE);
    cell.envelope('l-a', 's-a', 0, 'SE');
    const play = (at: number): boolean => cell.playback(at, true, 1, 1, 0, 0, false, 0);
    expect([play(START - 10_000), play(START + WINDOW_MS), play(START)]).toEqual([true, false, false]);
    expect([cell.isFull, play(START + 1)]).toEqual([true, false]);
    expect(lines()).toHaveLength(1);
  });
});
