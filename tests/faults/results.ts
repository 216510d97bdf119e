import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { REPOSITORY } from '../../config/paths.ts';
import { StepName, STEPS } from '../../contracts/steps.ts';
import type { Cell } from './cases.ts';
import { pointOf } from './points.ts';
import type { Verdict } from './trial.ts';

/** What the table is made of; a run of some cases replaces those and leaves the others. */
export const RESULTS_FILE = join(REPOSITORY, 'docs', 'reliability', 'results.json');

const Outcome = z.enum([
  /** The window came through without anybody's help. */
  'by itself',
  /** It failed, and running it again brought it through. */
  'by one replay',
  /** It failed again when it was run again. */
  'by more replays',
  /** It neither ended nor went on, and had to be ended by hand. */
  'stuck',
  'lost',
]);
export type Outcome = z.infer<typeof Outcome>;

const SURVIVED: ReadonlySet<Outcome> = new Set(['by itself', 'by one replay']);
export const hasSurvived = ({ outcome }: { outcome: Outcome }): boolean => SURVIVED.has(outcome);

const CellResult = z.object({
  fault: z.string(),
  step: StepName,
  outcome: Outcome,
  /** Of the step's activity that needed most, in all runs. */
  attempts: z.number(),
  /** The step's seconds beyond an undisturbed one's; with a replay, up to the end of that step in it. */
  recovery_seconds: z.number(),
  /** What an undisturbed one took in the same run. */
  undisturbed_seconds: z.number(),
  window: z.string(),
  at: z.string(),
  /** Of the programs that were struck; each cell has its own, for a run of some cells leaves the others. */
  commit: z.string(),
  /** Where it waited for the fault; absent from figures of a time when steps were struck as soon as they were seen. */
  met: z.enum(['beginning', 'middle']).optional(),
  note: z.string().optional(),
  /** What the window failed with before its replay. */
  failure: z.string().optional(),
});
export type CellResult = z.infer<typeof CellResult>;

const Machine = z.object({
  cpu: z.string(),
  cores: z.number(),
  memory_bytes: z.number(),
  system: z.string(),
  node: z.string(),
  load: z.number(),
});

export const Results = z.object({
  machine: Machine,
  versions: z.record(z.string(), z.string()),
  volume: z.object({ events: z.number(), seed: z.number(), shards: z.number() }),
  undisturbed: z.object({
    seconds: z.number(),
    steps: z.record(z.string(), z.number()),
    at: z.string(),
  }),
  cells: z.array(CellResult),
  /** Each run's last word: the marts of all its windows against the same windows undisturbed. */
  marts: z.array(z.object({ at: z.string(), windows: z.number(), differences: z.array(z.string()) })),
});
export type Results = z.infer<typeof Results>;

export function readResults(file = RESULTS_FILE): Results | undefined {
  return existsSync(file) ? Results.parse(JSON.parse(readFileSync(file, 'utf8'))) : undefined;
}

export function writeResults(results: Results, file = RESULTS_FILE): void {
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}.new`;
  writeFileSync(draft, `${JSON.stringify(results, null, 2)}\n`);
  renameSync(draft, file);
}

/** What one window says of the faults that struck it. Those that came too late are left out. */
export function cellResults(
  verdict: Verdict,
  undisturbed: Results['undisturbed'],
  { now, commit }: { now: Date; commit: string },
): CellResult[] {
  const blamed = blame(verdict);
  const stuckIn = verdict.runs.length - 1;
  const hits = verdict.outcomes.filter(
    // A run that hung leaves no figures of the steps before: they are to be struck again.
    (one) => one.hit && (verdict.stuck === undefined || one.run < stuckIn || isStuck(verdict, one.cell)),
  );
  return hits.map(({ cell, run, note }) => {
    const failures = blamed.get(cell) ?? [];
    const first = failures[0] === undefined ? undefined : verdict.runs[failures[0]]?.report.failure;
    const outcome = outcomeOf(verdict, cell, failures.length);
    const failure = failureText(verdict, outcome, first);
    return {
      fault: cell.fault.name,
      step: cell.step,
      outcome,
      attempts: attemptsOf(verdict, run, cell.step, failures.length),
      recovery_seconds: round(recovery(verdict, run, cell.step, failures.length, undisturbed)),
      undisturbed_seconds: undisturbed.steps[cell.step] ?? 0,
      window: verdict.window,
      at: now.toISOString(),
      commit,
      met: pointOf(cell, verdict.window) ? 'middle' : 'beginning',
      ...(note ? { note } : {}),
      ...(failure ? { failure } : {}),
    };
  });
}

type Failure = Verdict['runs'][number]['report']['failure'] | undefined;

function failureText({ differences, stuck }: Verdict, outcome: Outcome, first: Failure): string | undefined {
  if (outcome === 'stuck') return stuck?.slice(0, 400);
  if (outcome === 'lost') return differences.join('; ').slice(0, 400);
  return first ? `${first.type}: ${first.message.slice(0, 200)}` : undefined;
}

const isStuck = ({ stuck, outcomes }: Verdict, cell: Cell): boolean =>
  stuck !== undefined && outcomes.filter(({ hit }) => hit).at(-1)?.cell === cell;

function outcomeOf(verdict: Verdict, cell: Cell, failures: number): Outcome {
  const last = verdict.outcomes.filter(({ hit }) => hit).at(-1);
  if (verdict.stuck !== undefined && last?.cell === cell) return 'stuck';
  // A window that hung differs by that alone, and it is told of the fault that it hung under.
  if (verdict.differences.length > 0 && verdict.stuck === undefined) return 'lost';
  if (failures > 1) return 'by more replays';
  return failures === 1 ? 'by one replay' : 'by itself';
}

/**
 * The runs that failed, by the fault that each failed by: the last one that struck it before, or in, the step where it
 * failed. A run that failed with none of its own failed by what the one before it had failed by.
 */
function blame({ outcomes, runs }: Verdict): Map<Cell, number[]> {
  const blamed = new Map<Cell, number[]>();
  let culprit: Cell | undefined;
  for (const [run, { report }] of runs.entries()) {
    const step = report.failure?.step;
    if (report.state === 'completed' || !step) continue;
    culprit =
      outcomes
        .filter((one) => one.hit && one.run === run && STEPS.indexOf(one.cell.step) <= STEPS.indexOf(step))
        .toSorted((a, b) => STEPS.indexOf(a.cell.step) - STEPS.indexOf(b.cell.step))
        .at(-1)?.cell ?? culprit;
    if (culprit) blamed.set(culprit, [...(blamed.get(culprit) ?? []), run]);
  }
  return blamed;
}

const secondsOf = (verdict: Verdict, run: number, step: StepName): number =>
  verdict.runs[run]?.report.steps.find((one) => one.step === step)?.seconds ?? 0;

/** In the run that it struck, and in as many after it as that took. */
function attemptsOf(verdict: Verdict, run: number, step: StepName, replays: number): number {
  const of = (index: number): number =>
    verdict.runs[index]?.report.steps.find((one) => one.step === step)?.attempts ?? 0;
  return range(run, replays).reduce((sum, index) => sum + of(index), 0);
}

const range = (from: number, more: number): number[] =>
  Array.from({ length: more + 1 }, (_, index) => from + index);

function recovery(
  verdict: Verdict,
  run: number,
  step: StepName,
  replays: number,
  undisturbed: Results['undisturbed'],
): number {
  const own = secondsOf(verdict, run, step) - (undisturbed.steps[step] ?? 0);
  if (replays === 0) return Math.max(0, own);
  const before = STEPS.slice(0, STEPS.indexOf(step) + 1);
  const again = range(run + 1, replays - 1).flatMap((index) =>
    before.map((one) => secondsOf(verdict, index, one)),
  );
  return Math.max(0, own + again.reduce((sum, seconds) => sum + seconds, 0));
}

const round = (seconds: number): number => Math.round(seconds * 10) / 10;
