import { setTimeout as sleep } from 'node:timers/promises';
import { createObjectStore } from '../../clients/object-store.ts';
import { keys } from '../../contracts/lake.ts';
import { WindowReport } from '../../contracts/report.ts';
import { type StepName, STEPS } from '../../contracts/steps.ts';
import type { WindowId } from '../../contracts/window.ts';
import type { CommandResult } from '../installation.ts';
import { type Cell, cellName } from './cases.ts';
import { Gates } from './gates.ts';
import type { Grounds } from './grounds.ts';
import { type Struck, strike } from './inject.ts';
import type { Volume } from './truth.ts';
import { type Sight, Stuck, type Watch } from './watch.ts';

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
  /** Why it had to be ended by hand; its last run is an undisturbed one then. */
  stuck?: string;
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

/** A step that has not begun by then, or a window that has not ended, hangs: all of one's lost heartbeats come to half of it. */
const PROGRESS_LIMIT_MS = 360_000;
/** Of a window that was put an end to: who asked for it hears so soon. */
const END_LIMIT_MS = 60_000;

/** Runs the window under its faults, and again as long as it fails and more faults wait or it has not been replayed. */
export async function runDisturbed(options: RunOptions): Promise<DisturbedWindow> {
  const { window, cells, grounds, say } = options;
  const outcomes: CellOutcome[] = [];
  const runs: Run[] = [];
  const waiting = new Set(cells);
  let stuck: string | undefined;
  for (let run = 0; run <= cells.length + 1 && stuck === undefined; run += 1) {
    const note = (cell: Cell, struck: Struck): void => void outcomes.push({ cell, run, ...struck });
    try {
      await grounds.ready();
      const done = await runOnce(options, waiting, note);
      runs.push(done);
      const { state, failure } = done.report;
      if (state === 'completed') break;
      say(`  ${window} ${state} in ${failure?.step}: ${failure?.type}: ${failure?.message.slice(0, 200)}`);
      if (outcomes.some((one) => one.run === run && one.cell.fault.fault.kind === 'rotated-key'))
        await grounds.handOutKey();
    } catch (error) {
      stuck = error instanceof Error ? error.message : String(error);
      say(`  ${window} is stuck: ${stuck}`);
      runs.push(await endStuck(options));
    }
  }
  for (const cell of waiting)
    outcomes.push({ cell, run: 0, hit: false, note: 'the step was not seen running' });
  return { window, outcomes, runs, ...(stuck === undefined ? {} : { stuck }) };
}

/** Ends what hangs and runs the window once more, undisturbed: those after it are not to suffer from it. */
async function endStuck(options: RunOptions): Promise<Run> {
  const { grounds, watch, window, say } = options;
  try {
    const begun = await watch.look(window);
    if (begun?.state === 'running') await watch.terminate(window, 'it hangs under a fault');
    await grounds.restore();
    const again = await runOnce(options, new Set(), () => undefined);
    say(`  ${window} ${again.report.state} when it was run once more`);
    return again;
  } catch (error) {
    say(`  ${window} did not recover: ${error instanceof Error ? error.message : String(error)}`);
    return { report: { state: 'failed', failure: null, steps: [] }, seconds: 0 };
  }
}

async function runOnce(
  options: RunOptions,
  waiting: Set<Cell>,
  note: (cell: Cell, struck: Struck) => void,
): Promise<Run> {
  const { grounds, watch, window, volume, airflow, say } = options;
  const gates = new Gates(grounds.platform.config.paths.run);
  for (const { step } of waiting) gates.close(step);
  const earlier = (await watch.look(window))?.runId;
  const began = performance.now();
  const asked = grounds.platform.reprise(
    ...['run', '--start', window, '--events', String(volume.events)],
    ...['--seed', String(volume.seed), '--shards', String(volume.shards)],
    ...(airflow ? [] : ['--direct']),
  );
  try {
    const { runId } = await watch.until(window, 'its workflow', PROGRESS_LIMIT_MS, (sight) =>
      sight.runId === earlier ? undefined : sight,
    );
    for (const step of STEPS)
      for (const cell of [...waiting].filter((one) => one.step === step)) {
        if (!(await awaitGate(options, gates, runId, step))) continue;
        waiting.delete(cell);
        const outcome = await strike({ grounds, gates, watch, window, runId, cell });
        say(
          `  ${outcome.hit ? 'struck' : 'missed'}: ${cellName(cell)}${outcome.note ? ` (${outcome.note})` : ''}`,
        );
        note(cell, outcome);
      }
    const end = await watch.until(window, 'its end', PROGRESS_LIMIT_MS, (sight) =>
      sight.runId === runId && sight.state !== 'running' ? sight : undefined,
    );
    const seconds = (performance.now() - began) / 1000;
    // It watches what we watch; its own end is no part of the window's.
    const { exitCode, stderr } = await soon(asked);
    const told = exitCode === 0 ? {} : { told: stderr.trim().split('\n').at(-1) ?? `exit code ${exitCode}` };
    return { report: await reportOf(options, end), seconds, ...told };
  } finally {
    gates.openAll();
  }
}

/** What was asked for the window, within a minute of its end: whoever does not hear of it by then hangs as well. */
async function soon(asked: Promise<CommandResult>): Promise<CommandResult> {
  const late = new AbortController();
  try {
    return await Promise.race([
      asked,
      sleep(END_LIMIT_MS, undefined, { signal: late.signal }).then(() => {
        throw new Stuck('who asked for the window did not hear of its end');
      }),
    ]);
  } finally {
    late.abort();
  }
}

/** Until the step waits at its gate. False when the window has gone past it, or ended. */
async function awaitGate(
  { watch, window }: RunOptions,
  gates: Gates,
  runId: string,
  step: StepName,
): Promise<boolean> {
  const behind = new Set(STEPS.slice(STEPS.indexOf(step) + 1));
  const look = (sight: Sight): boolean | undefined => {
    if (gates.isReached(step)) return true;
    if (sight.runId !== runId || sight.state !== 'running') return false;
    const isPast = sight.activities.some((one) => one.step !== undefined && behind.has(one.step));
    return isPast ? false : undefined;
  };
  return watch.until(window, `${step} running`, PROGRESS_LIMIT_MS, look);
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
