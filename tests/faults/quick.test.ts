import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { consecutiveWindows, type WindowId } from '../../contracts/window.ts';
import { FAULTS_INSTANCE } from '../runner/isolation.ts';
import { type Cell, cellNamed, cellName, QUICK } from './cases.ts';
import { Grounds } from './grounds.ts';
import { Trial, type Verdict } from './trial.ts';
import { generateTruth } from './truth.ts';

const FIRST: WindowId = '2026-01-05T08:00Z';
/** Twice as many shards as are published at a time: what others send lies between the first and the last of them. */
const VOLUME = { events: 3_000, seed: 23, shards: 4 };
const LIMIT_MS = 1_800_000;

const WINDOWS = QUICK.map((names, index) => {
  const cells = names.map(cellNamed);
  const window = consecutiveWindows(FIRST, QUICK.length)[index] ?? FIRST;
  return { window, cells, title: cells.map(cellName).join(', ') };
});

describe('windows under faults', () => {
  let grounds: Grounds;
  let trial: Trial;

  beforeAll(async () => {
    grounds = await Grounds.prepare({ name: FAULTS_INSTANCE, airflow: false, disks: [] });
    const truths = await generateTruth(grounds.platform, FIRST, QUICK.length, VOLUME);
    trial = await Trial.begin({
      grounds,
      truths,
      volume: VOLUME,
      say: (line) => process.stdout.write(`${line}\n`),
    });
  });

  afterAll(async () => {
    await trial?.end();
    await grounds?.takeDown();
  });

  const met = new Map<string, Cell>();

  test.each(WINDOWS)(
    '$title: nothing is lost, nothing is doubled, to a reader during and after',
    async ({ window, cells }) => {
      const verdict: Verdict = await trial.window(window, cells);
      for (const { cell, hit } of verdict.outcomes) if (hit) met.set(cellName(cell), cell);
      expect(verdict.differences).toEqual([]);
      // By itself, or by one replay.
      expect(verdict.runs.length).toBeLessThanOrEqual(2);
      // Each step waits for its fault: none comes too late.
      expect(verdict.outcomes.filter(({ hit }) => !hit).map(({ cell }) => cellName(cell))).toEqual([]);
      expect(verdict.stuck).toBeUndefined();
    },
    LIMIT_MS,
  );

  test('foreign records lay between those of a window', () => {
    const poisoned = WINDOWS.find(({ cells }) => cells.some(({ fault }) => fault.fault.kind === 'poison'));
    expect(trial.foreignWithin(poisoned?.window ?? FIRST)).toBeGreaterThan(0);
  });

  test(
    'the marts are, row by row, those of the same windows undisturbed',
    async () => {
      expect(await trial.martDifferences()).toEqual([]);
    },
    LIMIT_MS,
  );

  test('at least eight different faults have struck', () => {
    expect(new Set([...met.values()].map(({ fault }) => fault.name)).size).toBeGreaterThanOrEqual(8);
  });
});
