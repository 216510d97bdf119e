import { describe, expect, test } from 'vitest';
import { finishedText } from '../../../cli/commands/run.ts';
import { windowTable } from '../../../cli/window-table.ts';
import { sampleReport } from './sample-report.ts';

const window = '2026-01-05T08:00Z';
const widest = (text: string): number => Math.max(...text.split('\n').map((line) => line.length));

describe('the table of windows', () => {
  test('shows every count and the seconds of every step', () => {
    expect(windowTable([{ window, report: sampleReport(), reconciled: true }]).split('\n')).toEqual([
      'window            events valid quarantined duplicates seconds reconciled',
      '2026-01-05T08:00Z     10     8           1          1    41.3        yes',
      '',
      'seconds per step  generate publish ingest reconcile compact load build serve',
      '2026-01-05T08:00Z      0.5     1.5    2.5       3.5     4.5  5.5   6.5   7.5',
    ]);
  });

  test('fits 80 columns with windows of five million events', () => {
    const counts = { arrived: 5_000_000, valid: 4_800_000, quarantined: 100_000, duplicates: 100_000 };
    const steps = sampleReport().steps.map((step) => ({ ...step, seconds: 9999.9 }));
    const report = sampleReport({ counts, steps });
    expect(widest(windowTable([{ window, report, reconciled: true }]))).toBeLessThanOrEqual(80);
  });

  test('has a line for a window that left no report', () => {
    const text = windowTable([{ window, report: undefined, reconciled: false }]);
    expect(text.split('\n')[1]).toMatch(/^2026-01-05T08:00Z +- +- +- +- +- +NO$/);
  });

  test('gives no verdict on a window that is still running', () => {
    const report = sampleReport({ state: 'running', reconciled: false, ended_at: null });
    expect(windowTable([{ window, report, reconciled: false }]).split('\n')[1]).toMatch(/ -$/);
  });
});

describe('what is said when the windows have ended', () => {
  const row = { window, report: sampleReport(), reconciled: true, state: 'completed' } as const;

  test('is the table alone when all reconciled', () => {
    expect(finishedText([row])).toBe(`\n${windowTable([row])}\n`);
  });

  test('names the step, the failure and the next command', () => {
    const failure = { step: 'reconcile', type: 'DataQualityFailed', message: 'raw lacks 3 records' } as const;
    const failed = {
      window,
      state: 'failed' as const,
      reconciled: false,
      report: sampleReport({ state: 'failed', reconciled: false, failure }),
    };
    expect(finishedText([failed])).toContain(
      `${window} failed: reconcile: DataQualityFailed: raw lacks 3 records\n  npx reprise report ${window}\n`,
    );
  });

  test('gives the reason that only Airflow knows', () => {
    const failed = {
      window,
      state: 'failed' as const,
      reconciled: false,
      report: undefined,
      why: 'no Temporal',
    };
    expect(finishedText([failed])).toContain(`${window} failed: no Temporal`);
  });

  test('does not call a completed window fine when it does not reconcile', () => {
    const odd = { ...row, reconciled: false, report: sampleReport({ reconciled: false }) };
    expect(finishedText([odd])).toContain(`${window} completed: it does not reconcile`);
  });

  test('does not accuse a cancelled window of differences', () => {
    const report = sampleReport({ state: 'cancelled', reconciled: false });
    const cancelled = { window, state: 'cancelled' as const, reconciled: false, report };
    expect(finishedText([cancelled])).toContain(`${window} cancelled: it has not reconciled`);
  });
});
