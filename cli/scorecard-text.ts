import type { Scorecard } from '../generator/realism/run.ts';
import type { Row, Verdict } from '../generator/realism/scorecard.ts';
import { GROUPS } from '../generator/realism/tally.ts';
import { count } from './window-table.ts';

const HEADINGS = ['statistic', 'target', 'observed', '±', 'tolerance', '', 'source'];
const VERDICTS: Record<Verdict, string> = { met: 'met', drifted: 'DRIFTED', 'too few events': 'TOO FEW' };

export const passes = ({ rows }: Scorecard): boolean => rows.every(({ verdict }) => verdict === 'met');

/** The table for a person, and below it what fails, by name. */
export function scorecardText({ windows, counted, rows }: Scorecard): string {
  const cells = [HEADINGS, ...rows.map(rowCells)];
  const widths = HEADINGS.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const isText = (column: number): boolean => column === 0 || column >= 5;
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        isText(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  const failed = rows.filter(({ verdict }) => verdict !== 'met');
  return [
    `${count(counted.records)} records of ${windows.count} windows from ${windows.first}: ` +
      `${count(counted.playbacks)} playbacks in ${count(counted.sessions)} sessions of ` +
      `${count(counted.listeners)} listeners`,
    `${count(counted.heavyListeners)} long histories of heavy listeners`,
    '',
    ...cells.map(line),
    '',
    `±: standard error over ${GROUPS} groups of listeners; tolerance: error of the source and three of those`,
    failed.length === 0
      ? `${rows.length} of ${rows.length} targets met`
      : `${failed.length} of ${rows.length} targets not met: ${failed.map(named).join('; ')}`,
  ].join('\n');
}

const named = ({ id, verdict }: Row): string =>
  verdict === 'too few events' ? `${id} (too few events to tell: more --events or --listeners)` : id;

function rowCells(row: Row): string[] {
  return [
    row.label,
    targetText(row),
    number(row.observed, row),
    number(row.standardError, row),
    number(row.tolerance, row),
    VERDICTS[row.verdict],
    row.source,
  ];
}

const number = (value: number, { unit }: Row): string => {
  if (Number.isNaN(value)) return 'none';
  return value.toFixed(unit === 'artists' ? 0 : unit === 'h' ? 2 : 1);
};

function targetText(row: Row): string {
  const unit = row.unit === 'artists' || row.unit === 'tracks' ? '' : ` ${row.unit}`;
  return `${row.low === row.high ? row.low : `${row.low}-${row.high}`}${unit}`;
}

/** Everything there is to say, for programs. */
export function scorecardJson(seed: number, events: number, scorecard: Scorecard): string {
  const { windows, counted, rows } = scorecard;
  const plain = rows.map(({ standardError, sourceError, ...row }) => ({
    ...row,
    standard_error: standardError,
    source_error: sourceError,
  }));
  const { heavyListeners, ...counts } = counted;
  const whole = {
    ...{ passed: passes(scorecard), seed, events, windows },
    counted: { ...counts, heavy_listeners: heavyListeners },
    failed: rows.filter(({ verdict }) => verdict !== 'met').map(({ id }) => id),
    rows: plain,
  };
  return `${JSON.stringify(whole, null, 2)}\n`;
}
