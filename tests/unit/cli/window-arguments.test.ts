import { describe, expect, test } from 'vitest';
import {
  eventsNumber,
  parseClosedWindow,
  parseShape,
  parseSource,
  parseWindow,
  shardsNumber,
  windowsAtOnce,
} from '../../../cli/window-arguments.ts';
import { windowIdHolding } from '../../../contracts/window.ts';

describe('arguments', () => {
  test('a window is named by its start', () => {
    expect(parseWindow('2026-01-05T08:00Z')).toBe('2026-01-05T08:00Z');
  });

  test.each([
    ['2026-01-05T08:17Z', /full hour/],
    ['2026-01-05 08:00', /named by its start/],
    ['2026-13-05T08:00Z', /no such date/],
    ['2026-02-30T08:00Z', /no such date/],
    ['', /named by its start/],
  ])('%j is no window', (value, why) => {
    expect(() => parseWindow(value)).toThrow(why);
  });

  test('replays go two by two, one by one where the installation bears no more, and more only up to what it bears', () => {
    expect(windowsAtOnce(undefined, 4)).toBe(2);
    expect(windowsAtOnce(undefined, 1)).toBe(1);
    expect(windowsAtOnce(4, 4)).toBe(4);
    expect(() => windowsAtOnce(2, 1)).toThrow('1 window at a time at most');
  });

  test('the running hour cannot be closed', () => {
    expect(() => parseClosedWindow(windowIdHolding(Date.now()))).toThrow(/not ended yet/);
  });

  test.each(['-1', '1.5', 'many', '', '1e9', '50000001'])('%j events are refused', (value) => {
    expect(() => eventsNumber(value)).toThrow(/whole number/);
  });

  test('a shape is flat or diurnal', () => {
    expect(['flat', 'diurnal'].map(parseShape)).toEqual(['flat', 'diurnal']);
    expect(() => parseShape('round')).toThrow('flat or diurnal is wanted');
  });

  test('a source is one that the workflow knows', () => {
    expect(['auto', 'live', 'generated'].map(parseSource)).toEqual(['auto', 'live', 'generated']);
    expect(() => parseSource('import')).toThrow('auto, live, generated: one is wanted');
  });

  test('an empty window may be asked for, no shards may not', () => {
    expect(eventsNumber('0')).toBe(0);
    expect(() => shardsNumber('0')).toThrow(/from 1 to 1024/);
  });
});
