import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { REPOSITORY } from '../../config/paths.ts';
import { StepName, STEPS } from '../../contracts/steps.ts';
import type { Cell } from './cases.ts';
import type { Verdict } from './trial.ts';

/** What the table is made of; a run of some cases replaces those and leaves the others. */
export const RESULTS_FILE = join(REPOSITORY, 'docs', 'reliability', 'results.json');

export const Outcome = z.enum([
  /** The window came through without anybody's help. */
  'by itself',
  /** It failed, and running it again brought it through. */
  'by one replay',
  'lost',
]);

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
  commit: z.string(),
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
export function cellResults(verdict: Verdict, undisturbed: Results['undisturbed'], now: Date): CellResult[] {
  const hits = verdict.outcomes.filter(({ hit }) => hit);
  return hits.map(({ cell, run, note }) => {
    const failed = culprit(verdict, run) === cell ? verdict.runs[run]?.report.failure : undefined;
    const lost = verdict.differences.length > 0;
    return {
      fault: cell.fault.name,
      step: cell.step,
      outcome: lost ? 'lost' : failed ? 'by one replay' : 'by itself',
      attempts: attemptsOf(verdict, run, cell.step, Boolean(failed)),
      recovery_seconds: round(recovery(verdict, run, cell.step, Boolean(failed), undisturbed)),
      undisturbed_seconds: undisturbed.steps[cell.step] ?? 0,
      window: verdict.window,
      at: now.toISOString(),
      ...(note ? { note } : {}),
      ...(failed ? { failure: `${failed.type}: ${failed.message.slice(0, 200)}` } : {}),
      ...(lost ? { failure: verdict.differences.join('; ').slice(0, 400) } : {}),
    };
  });
}

/** The fault that a failed run failed by: the last one that struck it before, or in, the step where it failed. */
function culprit({ outcomes, runs }: Verdict, run: number): Cell | undefined {
  const step = runs[run]?.report.failure?.step;
  if (!step) return undefined;
  return outcomes
    .filter((one) => one.hit && one.run === run && STEPS.indexOf(one.cell.step) <= STEPS.indexOf(step))
    .toSorted((a, b) => STEPS.indexOf(a.cell.step) - STEPS.indexOf(b.cell.step))
    .at(-1)?.cell;
}

const secondsOf = (verdict: Verdict, run: number, step: StepName): number =>
  verdict.runs[run]?.report.steps.find((one) => one.step === step)?.seconds ?? 0;

function attemptsOf(verdict: Verdict, run: number, step: StepName, replayed: boolean): number {
  const of = (index: number): number =>
    verdict.runs[index]?.report.steps.find((one) => one.step === step)?.attempts ?? 0;
  return of(run) + (replayed ? of(run + 1) : 0);
}

function recovery(
  verdict: Verdict,
  run: number,
  step: StepName,
  replayed: boolean,
  undisturbed: Results['undisturbed'],
): number {
  const own = secondsOf(verdict, run, step) - (undisturbed.steps[step] ?? 0);
  if (!replayed) return Math.max(0, own);
  const again = STEPS.slice(0, STEPS.indexOf(step) + 1).map((one) => secondsOf(verdict, run + 1, one));
  return Math.max(0, own + again.reduce((sum, seconds) => sum + seconds, 0));
}

const round = (seconds: number): number => Math.round(seconds * 10) / 10;
