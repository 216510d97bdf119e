import { describe, expect, test } from 'vitest';
import type { WindowReport } from '../../../contracts/report.ts';
import { type StepName, STEPS } from '../../../contracts/steps.ts';
import { type Case, CASES, cellsOf } from '../../faults/cases.ts';
import { reliabilityPage } from '../../faults/reliability-page.ts';
import { cellResults, type Results } from '../../faults/results.ts';
import type { Verdict } from '../../faults/trial.ts';

const NOW = new Date('2026-11-23T08:00:00Z');
const fault = CASES.find(({ name }) => name === 'kill worker-publish') as Case;
const undisturbed = { seconds: 40, steps: { generate: 1, publish: 2 }, at: NOW.toISOString() };

function report(seconds: Partial<Record<StepName, number>>, failedIn?: StepName): WindowReport {
  return {
    state: failedIn ? 'failed' : 'completed',
    failure: failedIn ? { step: failedIn, type: 'Unavailable', message: 'no broker' } : null,
    steps: STEPS.map((step) => ({ step, seconds: seconds[step] ?? 0, attempts: 2 })),
  } as WindowReport;
}

function verdict(reports: WindowReport[], struck: [StepName, number][], differences: string[] = []): Verdict {
  return {
    window: '2026-01-05T08:00Z',
    runs: reports.map((one) => ({ report: one, seconds: 60 })),
    outcomes: cellsOf(fault).map((cell) => {
      const found = struck.find(([step]) => step === cell.step);
      return { cell, run: found?.[1] ?? 0, hit: found !== undefined };
    }),
    differences,
  };
}

const judge = (one: Verdict) => cellResults(one, undisturbed, NOW);

describe('a cell of the table', () => {
  test('is by itself when the window came through, and tells what the step took longer', () => {
    expect(judge(verdict([report({ publish: 32.25 })], [['publish', 0]]))).toMatchObject([
      { step: 'publish', outcome: 'by itself', attempts: 2, recovery_seconds: 30.3 },
    ]);
  });

  test('is by one replay when the window failed there, and counts the way back to the end of the step', () => {
    const runs = [
      report({ generate: 1, publish: 12 }, 'publish'),
      report({ generate: 3, publish: 4, ingest: 20 }),
    ];
    expect(judge(verdict(runs, [['publish', 0]]))).toMatchObject([
      {
        outcome: 'by one replay',
        attempts: 4,
        recovery_seconds: 10 + 3 + 4,
        failure: 'Unavailable: no broker',
      },
    ]);
  });

  test('is lost when anything differs, whatever the window says', () => {
    expect(judge(verdict([report({})], [['generate', 0]], ['one event id is missing']))).toMatchObject([
      { outcome: 'lost' },
    ]);
  });

  test('is none when the fault came too late', () => {
    expect(judge(verdict([report({})], []))).toEqual([]);
  });
});

test('the page counts what it shows', () => {
  const results: Results = {
    machine: { cpu: 'a', cores: 2, memory_bytes: 2 ** 34, system: 'linux', node: 'v24', load: 0 },
    versions: { Kafka: '4.3.1' },
    commit: 'abc',
    volume: { events: 3_000, seed: 1, shards: 2 },
    undisturbed,
    cells: [
      ...judge(verdict([report({ publish: 32 })], [['publish', 0]])),
      ...judge(verdict([report({}, 'load'), report({})], [['load', 0]])),
    ],
    marts: [{ at: NOW.toISOString(), windows: 2, differences: [] }],
  };
  const page = reliabilityPage(results);
  expect(page).toContain(
    '**2 of 2 injected faults survived**: 1 without help, 1 by running the window once more.',
  );
  const row = page.split('\n').find((line) => line.startsWith('| kill worker-publish |'));
  expect(row).toBe('| kill worker-publish | – | 30 (2) | – | – | – | 0.0 (4) ↻ | – | – | 2/2 |');
  expect(page).toContain('- kill worker-publish, in load: Unavailable: no broker');
});
