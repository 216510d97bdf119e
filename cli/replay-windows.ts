import { setTimeout as sleep } from 'node:timers/promises';
import { type Airflow, LISTENING_WINDOW_DAG, TASK } from '../clients/airflow.ts';
import { ClientError } from '../clients/errors.ts';
import { WindowRequest } from '../contracts/steps.ts';
import type { ListeningWindowInput, ReplayOrder, StepName } from '../contracts/steps.ts';
import { type Ending, followExecution, type Following, patience, PACE } from './follow-window.ts';

/** One window to play again. */
export interface ReplayTask {
  request: WindowRequest;
  from_step: StepName;
  /** The DAG run that played it last; undefined when Airflow did not. */
  playedBy: string | undefined;
  /** A window that never ran gets a run in Airflow too, as if its schedule had asked for it. */
  isNew: boolean;
  /** Its ledger is amended by the rules of today before it is played. */
  amend: boolean;
  /** Fingerprint of the rules by which that was planned. */
  rules?: string | undefined;
}

/** How a replay ended, and as which execution; `notes` are for the operator. */
export interface ReplayEnding extends Ending {
  runId: string | undefined;
  notes: string[];
}

export interface ReplayOptions {
  tasks: readonly ReplayTask[];
  order: ReplayOrder;
  /** Windows side by side. */
  parallel: number;
  /** Undefined: Airflow is left out of it. */
  airflow: Airflow | undefined;
}

/** So long Airflow's own run may take to end after the workflow has: two of its loops on a busy machine. */
const AIRFLOW_LIMIT_MS = 60_000;

/** Plays the windows in their order, as many side by side as allowed. One that fails does not hold up the others. */
export async function replayWindows(options: ReplayOptions, following: Following): Promise<ReplayEnding[]> {
  const endings: ReplayEnding[] = [];
  const waiting = [...options.tasks];
  const lane = async (): Promise<void> => {
    for (let task = waiting.shift(); task; task = waiting.shift())
      endings.push(await replayOne(task, options, following));
  };
  await Promise.all(Array.from({ length: options.parallel }, lane));
  return endings.toSorted((one, other) => (one.window < other.window ? -1 : 1));
}

async function replayOne(
  task: ReplayTask,
  options: ReplayOptions,
  following: Following,
): Promise<ReplayEnding> {
  const { window } = task.request;
  const { airflow } = options;
  const notes: string[] = [];
  const note = (error: unknown): void => {
    const why = error instanceof Error ? error.message : String(error);
    notes.push(`Airflow was not told, and shows what it showed before: ${why}`);
  };
  const { runId, handing } = await beginWhenFree(task, options, note, following);
  following.seen(window, { at: 'asked', did: 'started' });
  await handing?.tell(following).catch(note);
  const ending = await followExecution(window, runId, following);
  if (airflow && handing && !(await ended(airflow, handing.to.run_id, following)))
    notes.push(`Airflow has not caught up yet: ${airflow.runUrl(handing.to.run_id)}`);
  return { ...ending, runId, notes };
}

function inputOf(task: ReplayTask, order: ReplayOrder, handing: HandOver | undefined): ListeningWindowInput {
  return {
    ...WindowRequest.parse(task.request),
    source: 'auto',
    requested_by: order.by,
    from_step: task.from_step,
    replay: order,
    ...(task.amend ? { amend: true, ...(task.rules ? { rules: task.rules } : {}) } : {}),
    ...(handing ? { airflow: handing.to } : {}),
  };
}

/**
 * A window that runs already is waited for, and then played: two never interleave, because Temporal lets one execution of a
 * window run at a time. What is to be said to Airflow is found out anew each time: another replay that was waited for has
 * given the window's run another try, and its page takes some seconds to end.
 */
async function beginWhenFree(
  task: ReplayTask,
  { order, airflow }: ReplayOptions,
  note: (error: unknown) => void,
  following: Following,
): Promise<{ runId: string; handing: HandOver | undefined }> {
  const { workflows, seen, signal, pace = PACE } = following;
  const { window } = task.request;
  const patiently = patience(pace);
  let freeUntil: number | undefined;
  let told = airflow;
  for (; ; seen(window, { at: 'asked', did: 'waits' }), await sleep(pace.pollMs, undefined, { signal })) {
    const present = await patiently(() => workflows.latest(window));
    if (present?.state === 'running') continue;
    const found =
      told && (await insisting(() => handOver(told as Airflow, task, order), following).catch(note));
    // It has no part in the window, or does not answer: once is enough to be told so.
    if (!found) told = undefined;
    if (found === 'under way') {
      freeUntil ??= performance.now() + pace.patienceMs;
      if (performance.now() < freeUntil) continue;
    }
    const handing = typeof found === 'object' ? found : undefined;
    const input = inputOf(task, order, handing);
    const runId = await patiently(() => workflows.begin(input, handing ? { handed_to: handing.to } : {}));
    if (runId !== undefined) return { runId, handing };
  }
}

interface HandOver {
  to: { dag_id: string; run_id: string; task_id: string; try_number: number };
  /** Lets the task of that run find the workflow and wait for it. */
  tell(following: Following): Promise<void>;
}

/**
 * The DAG run of the window shows its replay: its task is let go again once the workflow runs, finds it by the memo, and
 * ends as it ends. Undefined when Airflow has no part in the window, or when its run is about another request. A run that is
 * under way is left alone: it joins by itself what runs with its settings.
 */
async function handOver(
  airflow: Airflow,
  { request, playedBy, isNew, from_step }: ReplayTask,
  { by, why }: ReplayOrder,
): Promise<HandOver | 'under way' | undefined> {
  const { window } = request;
  const known = await airflow.runOf(window);
  const about = `Played again from ${from_step} by ${by}: ${why}`;
  const to = (run_id: string, tries: number): HandOver['to'] => ({
    ...{ dag_id: LISTENING_WINDOW_DAG, run_id, task_id: TASK },
    try_number: tries + 1,
  });
  if (!known) {
    if (!isNew) return undefined;
    const { events, seed, shards, volume_shape } = WindowRequest.parse(request);
    const settings = { events, seed, shards, volume_shape };
    return {
      to: to(airflow.newRunId(window), 0),
      tell: (following) =>
        insisting(async () => {
          // An answer that was lost is no reason to make a second run.
          if (!(await airflow.runOf(window))) await airflow.trigger(window, settings, about);
        }, following),
    };
  }
  const { run, tries } = known;
  if (run.state === 'queued' || run.state === 'running') return 'under way';
  if (run.dag_run_id !== playedBy && contradicts(run.conf ?? {}, request)) return undefined;
  return {
    to: to(run.dag_run_id, tries),
    tell: (following) =>
      insisting(async () => {
        // A second clear, after an answer that was lost, would cancel what the task has begun to wait for.
        const { state } = await airflow.dagRun(run.dag_run_id);
        if (state === 'success' || state === 'failed') await airflow.clear(run.dag_run_id, about);
      }, following),
  };
}

/** A busy Airflow is asked again, for as long as one that restarts takes. */
async function insisting<T>(work: () => Promise<T>, { signal, pace = PACE }: Following): Promise<T> {
  for (const until = performance.now() + pace.patienceMs; ; await sleep(pace.pollMs, undefined, { signal })) {
    try {
      return await work();
    } catch (error) {
      const mayPass = error instanceof ClientError && error.retryable;
      if (!mayPass || performance.now() > until) throw error;
    }
  }
}

/** Whether the run asks for another window than this one: its page would show what did not happen. */
const contradicts = (conf: Record<string, unknown>, request: WindowRequest): boolean =>
  Object.entries(WindowRequest.parse(request)).some(([name, value]) => (conf[name] ?? value) !== value);

async function ended(airflow: Airflow, runId: string, { signal, pace = PACE }: Following): Promise<boolean> {
  for (const until = performance.now() + AIRFLOW_LIMIT_MS; performance.now() < until; ) {
    try {
      const { state } = await airflow.dagRun(runId);
      if (state === 'success' || state === 'failed') return true;
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
    }
    await sleep(pace.pollMs, undefined, { signal });
  }
  return false;
}
