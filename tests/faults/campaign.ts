import { execFileSync } from 'node:child_process';
import { describeMachine } from '../../bench/machine.ts';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '../../config/paths.ts';
import { consecutiveWindows, type WindowId } from '../../contracts/window.ts';
import { FAULTS_INSTANCE } from '../runner/isolation.ts';
import { type Cell, cellName, type Disk } from './cases.ts';
import { Disks } from './disks.ts';
import { Grounds } from './grounds.ts';
import { planWindows } from './plan.ts';
import { reliabilityPage } from './reliability-page.ts';
import { type CellResult, cellResults, readResults, type Results, writeResults } from './results.ts';
import { Trial, type Verdict } from './trial.ts';
import { generateTruth } from './truth.ts';
import { toolVersions } from './versions.ts';

const FIRST: WindowId = '2026-01-05T00:00Z';
const VOLUME = { events: 3_000, seed: 23, shards: 2 };
/** What else the machine does changes: an undisturbed window that is older is no measure. */
const CALM_FOR_MS = 3_600_000;
const PAGE = join(REPOSITORY, 'docs', 'reliability.md');

const say = (line: string): void => {
  process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);
};

const disksOf = (cells: readonly Cell[]): Disk[] => [
  ...new Set(cells.flatMap(({ fault: { fault } }) => (fault.kind === 'full' ? [fault.disk] : []))),
];

export interface CampaignOptions {
  cells: readonly Cell[];
  /** Leaves out what the results tell of already. */
  missing: boolean;
  /** Begins no window after so long. */
  limitMs: number;
  signal: AbortSignal;
}

/**
 * Runs windows until every cell has been met, and writes the page anew after each of them.
 * @returns whether nothing was lost, doubled or shown half
 */
export async function runCampaign({ missing, limitMs, signal, ...asked }: CampaignOptions): Promise<boolean> {
  const began = performance.now();
  // Whoever commits meanwhile does not change what runs.
  const commit = commitNow();
  const earlier = readResults();
  const known = new Set(missing ? earlier?.cells.map(({ fault, step }) => `${fault} in ${step}`) : []);
  const wanted = asked.cells.filter((cell) => !known.has(cellName(cell)));
  const cells = wanted.filter(({ fault }) => Disks.possible || fault.fault.kind !== 'full');
  if (cells.length < wanted.length)
    say(`${wanted.length - cells.length} faults left out: filling a disk needs root and loop devices`);
  const planned = planWindows(cells);
  const windows = consecutiveWindows(FIRST, planned.length + 1);
  say(`${cells.length} faults to inject, in ${planned.length} windows`);
  const grounds = await Grounds.prepare({
    name: FAULTS_INSTANCE,
    airflow: planned.some(({ airflow }) => airflow),
    disks: disksOf(cells),
  });
  let trial: Trial | undefined;
  let good = true;
  let done = 0;
  const judge = (verdict: Verdict): void => {
    done += 1;
    for (const difference of verdict.differences) say(`  LOST ${difference}`);
    if (verdict.differences.length > 0) good = false;
  };
  try {
    say('the stack is up');
    const truths = await generateTruth(grounds.platform, FIRST, windows.length, VOLUME);
    trial = await Trial.begin({ grounds, truths, volume: VOLUME, say });
    let undisturbed = earlier?.undisturbed;
    if (!undisturbed || Date.now() - Date.parse(undisturbed.at) > CALM_FOR_MS) {
      say('a window without a fault');
      const calm = await trial.window(FIRST, []);
      judge(calm);
      if (calm.runs.at(-1)?.report.state !== 'completed')
        throw new Error('an undisturbed window does not come through');
      undisturbed = undisturbedOf(calm);
      say(`  ${undisturbed.seconds.toFixed(0)} s`);
    }
    let results: Results = earlier ? { ...earlier, undisturbed } : emptyResults(undisturbed);
    for (const [index, { cells, airflow }] of planned.entries()) {
      if (signal.aborted || performance.now() - began > limitMs) break;
      const window = windows[index + 1] ?? FIRST;
      say(`window ${window} (${index + 1} of ${planned.length}): ${count(cells.length, 'fault')}`);
      const verdict = await trial.window(window, cells, airflow);
      judge(verdict);
      const fresh = cellResults(verdict, results.undisturbed, { now: new Date(), commit });
      results = withCells(results, fresh);
      save(results);
      for (const cell of fresh)
        say(`  ${cell.fault} in ${cell.step}: ${cell.outcome}, +${cell.recovery_seconds} s`);
      if (verdict.runs.at(-1)?.report.state !== 'completed') {
        good = false;
        say('the ground does not recover from it: no window after it would tell of its own faults');
        break;
      }
    }
    say('the marts of all windows, against the same windows undisturbed');
    const differences = await trial.martDifferences();
    for (const difference of differences) say(`  LOST ${difference}`);
    save({
      ...results,
      marts: [...results.marts, { at: new Date().toISOString(), windows: done, differences }],
    });
    return good && differences.length === 0;
  } finally {
    await trial?.end();
    await grounds.takeDown();
    say(`everything is down; the logs are in ${grounds.logs.join(' and ')}`);
  }
}

const count = (all: number, one: string): string => `${all} ${one}${all === 1 ? '' : 's'}`;

function undisturbedOf({ runs }: Verdict): Results['undisturbed'] {
  const report = runs[0]?.report;
  const steps = report?.steps.map(({ step, seconds }) => [step, seconds ?? 0]) ?? [];
  return { seconds: runs[0]?.seconds ?? 0, steps: Object.fromEntries(steps), at: new Date().toISOString() };
}

const commitNow = (): string =>
  execFileSync('git', ['describe', '--always', '--dirty', '--exclude=*'], {
    cwd: REPOSITORY,
    encoding: 'utf8',
  }).trim();

function emptyResults(undisturbed: Results['undisturbed']): Results {
  return {
    machine: describeMachine(),
    versions: toolVersions(),
    volume: VOLUME,
    undisturbed,
    cells: [],
    marts: [],
  };
}

function withCells(results: Results, fresh: readonly CellResult[]): Results {
  const named = (cell: CellResult): string => `${cell.fault} in ${cell.step}`;
  const replaced = new Set(fresh.map(named));
  return {
    ...results,
    cells: [...results.cells.filter((cell) => !replaced.has(named(cell))), ...fresh],
  };
}

function save(results: Results): void {
  writeResults(results);
  writeFileSync(PAGE, reliabilityPage(results));
}
