import { setTimeout as sleep } from 'node:timers/promises';
import { createObjectStore } from '../../clients/object-store.ts';
import { keys } from '../../contracts/lake.ts';
import { WindowReport } from '../../contracts/report.ts';
import { type StepName, STEPS } from '../../contracts/steps.ts';
import type { WindowId } from '../../contracts/window.ts';
import { type Cell, cellName } from './cases.ts';
import type { Grounds } from './grounds.ts';
import { isRunningStep, type Struck, strike } from './inject.ts';
import { knownPid } from './processes.ts';
import type { Volume } from './truth.ts';
import type { Sight, Watch } from './watch.ts';

/** What a run says of itself; without the rest of its report when that could not be written any more. */
export type RunReport = Pick<WindowReport, 'state' | 'failure' | 'steps'> & Partial<WindowReport>;

export interface Run {
  report: RunReport;
  /** From asking for it to its end. */
  seconds: number;
  /** What whoever asked for it was told in the end, when it was no success. */
  told?: string;
}

export interface CellOutcome extends Struck {
  cell: Cell;
  /** Which of the runs it struck, from 0. */
  run: number;
}

export interface DisturbedWindow {
  window: WindowId;
  outcomes: CellOutcome[];
  /** The disturbed run, and one more for each time that it did not come through by itself. */
  runs: Run[];
}

export interface RunOptions {
  grounds: Grounds;
  watch: Watch;
  window: WindowId;
  volume: Volume;
  cells: readonly Cell[];
  airflow?: boolean;
  say(line: string): void;
}

/** Many times what a window takes, its waits for lost heartbeats included. */
const WINDOW_LIMIT_MS = 1_500_000;

/** Runs the window under its faults, and again as long as it fails and more faults wait or it has not been replayed. */
export async function runDisturbed(options: RunOptions): Promise<DisturbedWindow> {
  const { window, cells, grounds, say } = options;
  const outcomes: CellOutcome[] = [];
  const runs: Run[] = [];
  const waiting = new Set(cells);
  for (let run = 0; run <= cells.length + 1; run += 1) {
    await grounds.ready();
    const { struck, ...done } = await runOnce(options, waiting);
    const { report } = done;
    runs.push(done);
    for (const [cell, outcome] of struck) outcomes.push({ cell, run, ...outcome });
    if (report.state === 'completed') break;
    say(
      `  ${window} ${report.state} in ${report.failure?.step}: ${report.failure?.type}: ${report.failure?.message.slice(0, 200)}`,
    );
    if ([...struck.keys()].some((cell) => cell.fault.fault.kind === 'rotated-key'))
      await grounds.handOutKey();
  }
  for (const cell of waiting)
    outcomes.push({ cell, run: 0, hit: false, note: 'the step was not seen running' });
  return { window, outcomes, runs };
}

async function runOnce(
  options: RunOptions,
  waiting: Set<Cell>,
): Promise<Run & { struck: Map<Cell, Struck> }> {
  const { grounds, watch, window, volume, airflow, say } = options;
  const earlier = (await watch.look(window))?.runId;
  const began = performance.now();
  const asked = grounds.platform.reprise(
    ...['run', '--start', window, '--events', String(volume.events)],
    ...['--seed', String(volume.seed), '--shards', String(volume.shards)],
    ...(airflow ? [] : ['--direct']),
  );
  const struck = new Map<Cell, Struck>();
  const { runId } = await watch.until(window, 'its workflow', WINDOW_LIMIT_MS, (sight) =>
    sight.runId === earlier ? undefined : sight,
  );
  for (const step of STEPS)
    for (const cell of [...waiting].filter((one) => one.step === step)) {
      const pid = await knownPid(grounds, cell.fault, window);
      const seen = await awaitStep(options, runId, step);
      if (!seen) continue;
      waiting.delete(cell);
      const outcome = await strike({ grounds, watch, window, runId, cell, pid });
      say(
        `  ${outcome.hit ? 'struck' : 'missed'}: ${cellName(cell)}${outcome.note ? ` (${outcome.note})` : ''}`,
      );
      struck.set(cell, outcome);
    }
  const end = await watch.until(window, 'its end', WINDOW_LIMIT_MS, (sight) =>
    sight.runId === runId && sight.state !== 'running' ? sight : undefined,
  );
  const seconds = (performance.now() - began) / 1000;
  // It watches what we watch; its own end is no part of the window's.
  const { exitCode, stderr } = await asked;
  const told = exitCode === 0 ? {} : { told: stderr.trim().split('\n').at(-1) ?? `exit code ${exitCode}` };
  return { report: await reportOf(options, end), seconds, struck, ...told };
}

/** False when the window has gone past the step, or ended. */
async function awaitStep({ watch, window }: RunOptions, runId: string, step: StepName): Promise<boolean> {
  const behind = new Set(STEPS.slice(STEPS.indexOf(step) + 1));
  const look = (sight: Sight): boolean | undefined => {
    if (isRunningStep(sight, runId, step)) return true;
    if (sight.runId !== runId || sight.state !== 'running') return false;
    const isPast = sight.activities.some((one) => one.step !== undefined && behind.has(one.step));
    return isPast ? false : undefined;
  };
  return watch.until(window, `${step} running`, WINDOW_LIMIT_MS, look);
}

async function reportOf({ grounds, watch, window }: RunOptions, ended: Sight): Promise<RunReport> {
  const store = createObjectStore(grounds.direct.objectStore);
  for (let attempt = 0; ; attempt += 1) {
    try {
      const report = WindowReport.parse(await store.getJson(keys.report(window)));
      if (report.workflow.run_id === ended.runId && report.state !== 'running') return report;
      throw new Error(`${window} has a report of another run`);
    } catch (error) {
      // A window whose store takes no key of its any more cannot write a report: its workflow still answers.
      if (ended.state === 'failed' && attempt === 4) return watch.account(window, ended.runId);
      // The store may have been the last thing that was struck.
      if (attempt === 60) throw error;
      await sleep(500);
    }
  }
}
