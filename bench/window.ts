import type { WindowReport } from '../contracts/report.ts';
import { STEPS, type StepName } from '../contracts/steps.ts';
import { consecutiveWindows, type WindowId } from '../contracts/window.ts';
import { describeMachine, type Machine } from './machine.ts';
import { type Spread, spread } from './spread.ts';

export interface WindowPlan {
  first: WindowId;
  /** Records a window, one measurement each, in this order: memory that grows with them shows. */
  sizes: readonly number[];
  runs: number;
}

/** The stack that windows are run on. */
export interface WindowRunner {
  run(window: WindowId, events: number): Promise<WindowReport>;
  /** Resident bytes by worker, with what it has started. */
  memory(): Promise<Record<string, number>>;
}

export interface WindowRun {
  events: number;
  window: WindowId;
  /** From the first step's beginning to the last one's end. */
  seconds: number;
  steps: Record<StepName, number>;
  /** Most bytes that were seen by worker. */
  memory: Record<string, number>;
}

export interface WindowLine {
  events: number;
  runs: number;
  seconds: Spread;
  events_per_second: number;
  /** Medians. */
  steps: Record<StepName, number>;
  memory: Record<string, number>;
}

export interface WindowBench {
  machine: Machine;
  lines: WindowLine[];
  runs: WindowRun[];
}

export interface WindowObserver {
  begun(events: number, run: number): void;
  ended(run: WindowRun): void;
}

const SAMPLE_MS = 500;

/** Samples until `work` has ended. */
async function withMemory<T>(
  runner: WindowRunner,
  work: () => Promise<T>,
): Promise<{ value: T; memory: Record<string, number> }> {
  const memory: Record<string, number> = {};
  const sample = async (): Promise<void> => {
    for (const [name, bytes] of Object.entries(await runner.memory()))
      memory[name] = Math.max(memory[name] ?? 0, bytes);
  };
  const timer = setInterval(() => void sample().catch(() => undefined), SAMPLE_MS);
  try {
    return { value: await work(), memory };
  } finally {
    clearInterval(timer);
  }
}

const secondsOf = (report: WindowReport): Record<StepName, number> =>
  Object.fromEntries(
    STEPS.map((name) => [name, report.steps.find(({ step }) => step === name)?.seconds ?? 0]),
  ) as Record<StepName, number>;

function summary(events: number, runs: readonly WindowRun[]): WindowLine {
  const seconds = spread(runs.map((run) => run.seconds));
  const workers = new Set(runs.flatMap(({ memory }) => Object.keys(memory)));
  return {
    events,
    runs: runs.length,
    seconds,
    events_per_second: events / seconds.median,
    steps: Object.fromEntries(
      STEPS.map((step) => [step, spread(runs.map(({ steps }) => steps[step])).median]),
    ) as Record<StepName, number>,
    memory: Object.fromEntries(
      [...workers].map((name) => [name, Math.max(...runs.map(({ memory }) => memory[name] ?? 0))]),
    ),
  };
}

/**
 * Runs whole windows and takes their steps' seconds from their reports; a window of 1,000 goes before and is not counted.
 * @throws Error when a window does not reconcile: its seconds would mean nothing
 */
export async function benchWindows(
  plan: WindowPlan,
  runner: WindowRunner,
  observer: WindowObserver,
): Promise<WindowBench> {
  const machine = describeMachine();
  const windows = consecutiveWindows(plan.first, 1 + plan.sizes.length * plan.runs);
  const next = (): WindowId => windows.shift() as WindowId;
  observer.begun(WARM_UP, 0);
  await runner.run(next(), WARM_UP);
  const runs: WindowRun[] = [];
  for (const events of plan.sizes) {
    for (let run = 1; run <= plan.runs; run++) {
      observer.begun(events, run);
      const window = next();
      const { value: report, memory } = await withMemory(runner, () => runner.run(window, events));
      if (!report.reconciled)
        throw new Error(`${window} did not reconcile: ${report.failure?.message ?? report.state}`);
      const measured = {
        ...{ events, window, memory, steps: secondsOf(report) },
        seconds: (Date.parse(report.ended_at ?? '') - Date.parse(report.started_at)) / 1_000,
      };
      observer.ended(measured);
      runs.push(measured);
    }
  }
  const lines = plan.sizes.map((events) =>
    summary(
      events,
      runs.filter((run) => run.events === events),
    ),
  );
  return { machine, lines, runs };
}

/** The first window after a start makes tables and compiles workflows. */
const WARM_UP = 1_000;
