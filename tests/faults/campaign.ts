import { execFileSync } from 'node:child_process';
import { describeMachine } from '../../bench/machine.ts';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '../../config/paths.ts';
import { consecutiveWindows, type WindowId } from '../../contracts/window.ts';
import { FAULTS_INSTANCE } from '../runner/isolation.ts';
import { type Case, CASES, cellsOf, type Disk } from './cases.ts';
import { Disks } from './disks.ts';
import { Grounds } from './grounds.ts';
import { reliabilityPage } from './reliability-page.ts';
import { cellResults, readResults, type Results, writeResults } from './results.ts';
import { Trial, type Verdict } from './trial.ts';
import { generateTruth } from './truth.ts';
import { toolVersions } from './versions.ts';

const FIRST: WindowId = '2026-01-05T00:00Z';
const VOLUME = { events: 3_000, seed: 23, shards: 2 };
const PAGE = join(REPOSITORY, 'docs', 'reliability.md');

export function chooseCases(only: string | undefined): Case[] {
  return CASES.filter(({ name }) => only === undefined || name.includes(only));
}

const say = (line: string): void => {
  process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);
};

const disksOf = (cases: readonly Case[]): Disk[] => [
  ...new Set(cases.flatMap(({ fault }) => (fault.kind === 'full' ? [fault.disk] : []))),
];

/**
 * Runs the cases, one window each, and writes the page anew after every one of them.
 * @returns whether nothing was lost, doubled or shown half
 */
export async function runCampaign(chosen: readonly Case[], signal: AbortSignal): Promise<boolean> {
  const canFill = Disks.possible;
  const cases = chosen.filter(({ fault }) => canFill || fault.kind !== 'full');
  if (cases.length < chosen.length)
    say(`${chosen.length - cases.length} cases left out: filling a disk needs root and loop devices`);
  const earlier = readResults();
  const calm = earlier ? [] : ['warm-up', 'undisturbed'];
  const windows = consecutiveWindows(FIRST, calm.length + cases.length);
  const airflow = cases.some((one) => one.airflow);
  const count = (all: number, one: string): string => `${all} ${one}${all === 1 ? '' : 's'}`;
  say(`${count(cases.length, 'case')}, ${count(cases.flatMap(cellsOf).length, 'fault')} to inject`);
  const grounds = await Grounds.prepare({ name: FAULTS_INSTANCE, airflow, disks: disksOf(cases) });
  let trial: Trial | undefined;
  let good = true;
  const judge = (verdict: Verdict): void => {
    for (const difference of verdict.differences) say(`  LOST ${difference}`);
    if (verdict.differences.length > 0) good = false;
  };
  try {
    say('the stack is up');
    const truths = await generateTruth(grounds.platform, FIRST, windows.length, VOLUME);
    trial = await Trial.begin({ grounds, truths, volume: VOLUME, say });
    let undisturbed = earlier?.undisturbed;
    for (const [index, name] of calm.entries()) {
      say(`${name}: a window without a fault`);
      const verdict = await trial.window(windows[index] ?? FIRST, []);
      judge(verdict);
      undisturbed = undisturbedOf(verdict);
      say(`  ${undisturbed.seconds.toFixed(0)} s`);
    }
    if (!undisturbed) throw new Error('no undisturbed window has run');
    let results: Results = earlier ?? emptyResults(undisturbed);
    for (const [index, one] of cases.entries()) {
      if (signal.aborted) break;
      const window = windows[calm.length + index] ?? FIRST;
      say(`${one.name}, in ${one.steps.join(', ')} (${index + 1} of ${cases.length}, window ${window})`);
      const verdict = await trial.window(window, cellsOf(one), one.airflow ?? false);
      judge(verdict);
      results = withCells(results, one, verdict);
      save(results);
      const own = results.cells.filter(({ fault }) => fault === one.name);
      const survived = own.filter(({ outcome }) => outcome !== 'lost').length;
      say(
        `  ${survived}/${own.length} survived; ${own.map((cell) => `${cell.step} +${cell.recovery_seconds} s`).join(', ')}`,
      );
    }
    say('the marts of all windows, against the same windows undisturbed');
    const differences = await trial.martDifferences();
    for (const difference of differences) say(`  LOST ${difference}`);
    save({
      ...results,
      marts: [...results.marts, { at: new Date().toISOString(), windows: windows.length, differences }],
    });
    return good && differences.length === 0;
  } finally {
    await trial?.end();
    await grounds.takeDown();
    say(`everything is down; the logs are in ${grounds.logs.join(' and ')}`);
  }
}

function undisturbedOf({ runs }: Verdict): Results['undisturbed'] {
  const report = runs[0]?.report;
  const steps = report?.steps.map(({ step, seconds }) => [step, seconds ?? 0]) ?? [];
  return { seconds: runs[0]?.seconds ?? 0, steps: Object.fromEntries(steps), at: new Date().toISOString() };
}

function emptyResults(undisturbed: Results['undisturbed']): Results {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: REPOSITORY, encoding: 'utf8' });
  return {
    machine: describeMachine(),
    versions: toolVersions(),
    commit: commit.trim(),
    volume: VOLUME,
    undisturbed,
    cells: [],
    marts: [],
  };
}

function withCells(results: Results, one: Case, verdict: Verdict): Results {
  const fresh = cellResults(one, verdict, results.undisturbed, new Date());
  const steps = new Set(fresh.map(({ step }) => step));
  const kept = results.cells.filter(({ fault, step }) => fault !== one.name || !steps.has(step));
  return { ...results, cells: [...kept, ...fresh] };
}

function save(results: Results): void {
  writeResults(results);
  writeFileSync(PAGE, reliabilityPage(results));
}
