import type { WindowReport } from '../contracts/report.ts';
import { STEPS, type StepName, type VolumeShape } from '../contracts/steps.ts';
import type { WindowId } from '../contracts/window.ts';

/** A window that was asked for; without a report when it never got as far as writing one. */
export interface WindowRow {
  window: WindowId;
  report: WindowReport | undefined;
  reconciled: boolean;
}

const HEADINGS: Record<StepName, string> = {
  generate: 'generate',
  publish: 'publish',
  ingest: 'ingest',
  reconcile: 'reconcile',
  compact: 'compact',
  load: 'load',
  build: 'build',
  publish_serving: 'serve',
};

/** One table in two bands, so that it fits a terminal of 80 columns: what came of each window, and its seconds a step. */
export function windowTable(rows: readonly WindowRow[]): string {
  const counts = rows.map(({ window, report, reconciled }) => [
    window,
    ...(report
      ? [
          count(report.counts.arrived),
          count(report.counts.valid),
          count(report.counts.quarantined),
          count(report.counts.duplicates),
          seconds(allSeconds(report)),
        ]
      : ['-', '-', '-', '-', '-']),
    verdict(reconciled, report),
  ]);
  const steps = rows.map(({ window, report }) => [
    window,
    ...STEPS.map((name) => seconds(report?.steps.find(({ step }) => step === name)?.seconds ?? null)),
  ]);
  return [
    ...table(['window', 'events', 'valid', 'quarantined', 'duplicates', 'seconds', 'reconciled'], counts),
    '',
    ...table(['seconds per step', ...STEPS.map((step) => HEADINGS[step])], steps),
  ].join('\n');
}

function verdict(reconciled: boolean, report: WindowReport | undefined): string {
  if (reconciled) return 'yes';
  return report?.state === 'running' ? '-' : 'NO';
}

/** The first column is a name, the others are numbers. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart((widths[column] ?? 0) + 1),
      )
      .join('')
      .trimEnd();
  return [line(headings), ...rows.map(line)];
}

export const count = (value: number): string => value.toLocaleString('en-US');

/** How much was asked for, in words: `20,000 events`. */
export const askedFor = (events: number, shape: VolumeShape): string =>
  shape === 'flat' ? `${count(events)} events` : `about ${count(events)} events an hour (${shape})`;

/** Tenths are for what takes seconds, not for what takes a quarter of an hour. */
export const seconds = (value: number | null): string =>
  value === null ? '-' : value.toFixed(value < 1000 ? 1 : 0);

/** From the start of the workflow to its end. */
export function allSeconds({ started_at, ended_at }: WindowReport): number | null {
  return ended_at ? (Date.parse(ended_at) - Date.parse(started_at)) / 1000 : null;
}
