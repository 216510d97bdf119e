import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WindowId } from '../../contracts/window.ts';
import { FAULTS_INSTANCE } from '../runner/isolation.ts';
import { cellNamed, cellName, QUICK } from './cases.ts';
import { Grounds } from './grounds.ts';
import { Trial, type Verdict } from './trial.ts';
import { generateTruth } from './truth.ts';

const WINDOW: WindowId = '2026-01-05T08:00Z';
const VOLUME = { events: 3_000, seed: 23, shards: 2 };
const LIMIT_MS = 1_800_000;

describe('a window under a fault in every step', () => {
  const cells = QUICK.map(cellNamed);
  let grounds: Grounds;
  let trial: Trial;
  let verdict: Verdict;

  beforeAll(async () => {
    grounds = await Grounds.prepare({ name: FAULTS_INSTANCE, airflow: false, disks: [] });
    const truths = await generateTruth(grounds.platform, WINDOW, 1, VOLUME);
    const say = (line: string): void => void process.stdout.write(`${line}\n`);
    trial = await Trial.begin({ grounds, truths, volume: VOLUME, say });
    verdict = await trial.window(WINDOW, cells);
  }, LIMIT_MS);

  afterAll(async () => {
    await trial?.end();
    await grounds?.takeDown();
  });

  test('each of the faults has struck its step: it waits for them', () => {
    const struck = verdict.outcomes.filter(({ hit }) => hit).map(({ cell }) => cellName(cell));
    expect(struck).toEqual(QUICK);
    expect(new Set(cells.map(({ fault }) => fault.name)).size).toBeGreaterThanOrEqual(8);
  });

  test('it comes through by itself, or by one replay', () => {
    expect(verdict.stuck).toBeUndefined();
    expect(verdict.runs.length).toBeLessThanOrEqual(2);
    expect(verdict.runs.at(-1)?.report.state).toBe('completed');
  });

  test('nothing is lost and nothing is doubled, to a reader during and to one after', () => {
    expect(verdict.differences).toEqual([]);
  });

  test(
    'the marts are, row by row, those of the same window undisturbed',
    async () => {
      expect(await trial.martDifferences()).toEqual([]);
    },
    LIMIT_MS,
  );
});
