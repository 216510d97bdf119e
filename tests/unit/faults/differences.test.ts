import { describe, expect, test } from 'vitest';
import { STEPS } from '../../../contracts/steps.ts';
import { CASES, cellName, cellNamed, cellsOf, QUICK } from '../../faults/cases.ts';
import { planWindows } from '../../faults/plan.ts';
import { differenceOfIds, differenceOfRecords } from '../../faults/lake-watch.ts';
import { recordDigest, type WindowTruth } from '../../faults/truth.ts';

const [a, b, c] = ['a', 'b', 'c'].map((text) => recordDigest(Buffer.from(text))) as [string, string, string];
const truth = {
  window: '2026-01-05T08:00Z',
  eventIds: new Set(['a', 'b']),
  // `b` was sent twice.
  records: new Map([
    [a, 1],
    [b, 2],
  ]),
} as WindowTruth;

describe('event ids out and in', () => {
  test.each([
    ['lost', ['a'], '1 event ids are missing, 0 are of nobody, 0 stand more than once'],
    ['doubled', ['a', 'b', 'b'], '0 event ids are missing, 0 are of nobody, 1 stand more than once'],
    ['strange', ['a', 'b', 'x'], '0 event ids are missing, 1 are of nobody, 0 stand more than once'],
    ['none', [], '2 event ids are missing, 0 are of nobody, 0 stand more than once'],
  ])('%s', (_, found, said) => {
    expect(differenceOfIds(found, truth)).toBe(said);
  });

  test('the same set, in any order', () => {
    expect(differenceOfIds(['b', 'a'], truth)).toBeUndefined();
  });
});

describe('records out and in', () => {
  test.each([
    ['one of two copies is lost', [a, b], '1 records are missing, 0 are too many'],
    ['a third copy', [a, b, b, b], '0 records are missing, 1 are too many'],
    ['one replaced by another', [c, b, b], '1 records are missing, 1 are too many'],
  ])('%s', (_, found, said) => {
    expect(differenceOfRecords(found, truth)).toBe(said);
  });

  test('each as often as it was sent', () => {
    expect(differenceOfRecords([b, a, b], truth)).toBeUndefined();
    expect(differenceOfRecords(new Map(truth.records), truth)).toBeUndefined();
  });
});

describe('the table of faults', () => {
  test('names every cell once', () => {
    const names = CASES.flatMap(cellsOf).map(cellName);
    expect(new Set(names).size).toBe(names.length);
  });

  test('is met whole by windows with one fault a step', () => {
    const windows = planWindows(CASES.flatMap(cellsOf));
    const met = windows.flatMap(({ cells }) => cells.map(cellName));
    expect(met.toSorted()).toEqual(CASES.flatMap(cellsOf).map(cellName).toSorted());
    for (const { cells, airflow } of windows) {
      expect(new Set(cells.map(({ step }) => step)).size).toBe(cells.length);
      expect(cells.every(({ fault }) => (fault.airflow ?? false) === airflow)).toBe(true);
    }
    expect(windows.length).toBeLessThan(CASES.length);
  });

  test('stands still in no more than half of a window’s steps', () => {
    const stops = planWindows(CASES.flatMap(cellsOf)).map(
      ({ cells }) => cells.filter(({ fault: { fault } }) => fault.kind === 'stop').length,
    );
    expect(Math.max(...stops)).toBe(STEPS.length / 2);
  });

  test('has a reason for every step that a fault leaves out', () => {
    for (const { name, steps, elsewhere } of CASES)
      expect([name, elsewhere === undefined]).toEqual([name, steps.length === STEPS.length]);
  });

  test('is where the quick window takes its own from, a different one for each step', () => {
    const cells = QUICK.map(cellNamed);
    expect(cells.map(({ step }) => step)).toEqual(STEPS);
    expect(new Set(cells.map(({ fault }) => fault.name)).size).toBe(STEPS.length);
    // A mount needs root: a test that everybody runs does without.
    expect(cells.filter(({ fault }) => fault.fault.kind === 'full')).toEqual([]);
  });
});

test('a digest is that of the bytes', () => {
  expect(recordDigest(Buffer.from(''))).toBe('d41d8cd98f00b204e9800998ecf8427e');
});
