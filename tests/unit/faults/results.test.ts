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

const judge = (one: Verdict) => cellResults(one, undisturbed, { now: NOW, commit: 'abc1234' });

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

  test('is not by one replay when the replay failed as well', () => {
    const runs = [
      report({ publish: 12 }, 'publish'),
      report({ publish: 12 }, 'publish'),
      report({ generate: 3, publish: 4 }),
    ];
    expect(judge(verdict(runs, [['publish', 0]]))).toMatchObject([
      { outcome: 'by more replays', attempts: 6, recovery_seconds: 10 + 12 + 7 },
    ]);
  });

  test('is by one replay each when two faults failed a run each', () => {
    const runs = [report({}, 'generate'), report({}, 'publish'), report({})];
    const struck: [StepName, number][] = [
      ['generate', 0],
      ['publish', 1],
    ];
    expect(judge(verdict(runs, struck)).map(({ outcome }) => outcome)).toEqual([
      'by one replay',
      'by one replay',
    ]);
  });

  test('is stuck when the window had to be ended under it; what struck it before is to be struck again', () => {
    const struck: [StepName, number][] = [
      ['generate', 0],
      ['publish', 0],
    ];
    const one = { ...verdict([report({})], struck), stuck: 'ingest was not seen running' };
    expect(judge(one)).toMatchObject([
      { step: 'publish', outcome: 'stuck', failure: 'ingest was not seen running' },
    ]);
  });

  test('names what was struck, and where', () => {
    expect(judge(verdict([report({})], [['generate', 0]]))).toMatchObject([
      { commit: 'abc1234', met: 'middle' },
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
  const results = resultsOf([
    ...judge(verdict([report({ publish: 32 })], [['publish', 0]])),
    ...judge(verdict([report({}, 'ingest'), report({})], [['ingest', 0]])),
  ]);
  const page = reliabilityPage(results);
  expect(page).toContain(
    '**2 of 2 injected faults survived**: 1 without help, 1 by running the window once more.',
  );
  const row = page.split('\n').find((line) => line.startsWith('| kill worker-publish |'));
  expect(row).toBe('| kill worker-publish | – | 30 (2) | 0.0 (4) ↻ | · | · | · | · | · | 2/2 |');
  expect(page).toContain('- kill worker-publish, in ingest, by one replay: Unavailable: no broker');
  expect(page).toContain('at commit abc1234.');
  expect(page).not.toContain('are older');
});

test.each(['stuck', 'by more replays', 'lost'] as const)(
  'a fault that ended %s was not survived',
  (outcome) => {
    const page = reliabilityPage(
      resultsOf(judge(verdict([report({})], [['publish', 0]])).map((cell) => ({ ...cell, outcome }))),
    );
    expect(page).toContain('**0 of 1 injected faults survived**');
    expect(page).toContain(outcome === 'stuck' ? '| ✖ |' : '| 0.0 (2) ✖ |');
  },
);

function resultsOf(cells: Results['cells']): Results {
  return {
    machine: { cpu: 'a', cores: 2, memory_bytes: 2 ** 34, system: 'linux', node: 'v24', load: 0 },
    versions: { Kafka: '4.3.1' },
    volume: { events: 3_000, seed: 1, shards: 2 },
    undisturbed,
    cells,
    marts: [{ at: NOW.toISOString(), windows: 2, differences: [] }],
  };
}
