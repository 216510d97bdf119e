import { setTimeout as sleep } from 'node:timers/promises';
import type { Airflow, Asked, DagRun, RunWindowRequest } from '../clients/airflow.ts';
import { ClientError } from '../clients/errors.ts';
import type { WindowProgress, WindowState } from '../contracts/report.ts';
import type { ListeningWindowInput } from '../contracts/steps.ts';
import type { WindowId } from '../contracts/window.ts';
import type { WindowExecution, WindowWorkflows } from './window-workflows.ts';

/** How far a window is, as one sees it from outside. */
export type Sighting =
  | { at: 'asked'; did: Asked | 'started' | 'waits' }
  | { at: 'steps'; progress: WindowProgress };

/** How it ended; `why` only when its report cannot say, because no workflow was started. */
export interface Ending {
  window: WindowId;
  state: WindowState;
  why?: string;
}

export interface Following {
  workflows: WindowWorkflows;
  seen(window: WindowId, sighting: Sighting): void;
  signal: AbortSignal;
  pace?: Pace;
}

export interface Pace {
  /** Between two looks. */
  pollMs: number;
  /** A server that is busy or restarts must not end the watching; one that stays away this long does. */
  patienceMs: number;
}

export const PACE: Pace = { pollMs: 1_000, patienceMs: 90_000 };

/** A DAG run that was asked for. */
export interface AskedRun {
  window: WindowId;
  runId: string;
  state: DagRun['state'];
  /** The execution that Temporal still shows until the new one has started. */
  stale: string | undefined;
}

/** Asks Airflow for the window; asking twice does no harm, so a busy Airflow is asked again. */
export async function askAirflow(
  airflow: Airflow,
  request: RunWindowRequest,
  { workflows, seen, signal, pace = PACE }: Following,
): Promise<AskedRun> {
  const { window } = request;
  const patiently = patience(pace);
  const earlier = await workflows.latest(window);
  for (;;) {
    const asked = await patiently(() => airflow.runWindow(request));
    if (asked) {
      const { run, did } = asked;
      seen(window, { at: 'asked', did });
      const stale = earlier?.state === 'running' ? undefined : earlier?.runId;
      return { window, runId: run.dag_run_id, state: run.state, stale };
    }
    await sleep(pace.pollMs, undefined, { signal });
  }
}

/** Follows the DAG run of a window, and the steps of its workflow, to the end. */
export async function followRun(
  airflow: Airflow,
  { window, runId, stale, ...asked }: AskedRun,
  { workflows, seen, signal, pace = PACE }: Following,
): Promise<Ending> {
  const [ofAirflow, ofTemporal] = [patience(pace), patience(pace)];
  let { state } = asked;
  let latest: WindowExecution | undefined;
  while (state === 'queued' || state === 'running') {
    await sleep(pace.pollMs, undefined, { signal });
    // In this order: when the run has ended, its last step is seen too.
    state = (await ofAirflow(() => airflow.dagRun(runId)))?.state ?? state;
    latest = (await ofTemporal(() => look(workflows, window, stale, seen))) ?? latest;
  }
  if (state === 'success') return { window, state: 'completed' };
  // When the workflow did not fail and its run did, the run was marked so, or there was no workflow.
  if (latest?.state === 'failed' || latest?.state === 'cancelled') return { window, state: latest.state };
  const why = await airflow.failureReason(runId);
  return { window, state: 'failed', why: why ?? `the DAG run failed: ${airflow.runUrl(runId)}` };
}

/** Starts the window's workflow itself and follows it to its end. */
export async function followDirectly(
  input: ListeningWindowInput,
  { workflows, seen, signal, pace = PACE }: Following,
): Promise<Ending> {
  const { window } = input;
  await workflows.start(input);
  seen(window, { at: 'asked', did: 'started' });
  const patiently = patience(pace);
  for (;;) {
    await sleep(pace.pollMs, undefined, { signal });
    const latest = await patiently(() => look(workflows, window, undefined, seen));
    if (latest && latest.state !== 'running') return { window, state: latest.state };
  }
}

/** Follows one execution to its end. Another one of the window may have begun since: it is not looked at. */
export async function followExecution(
  window: WindowId,
  runId: string,
  { workflows, seen, signal, pace = PACE }: Following,
): Promise<Ending> {
  const patiently = patience(pace);
  for (;;) {
    const execution = await patiently(() => workflows.execution(window, runId));
    const progress = await workflows.progress(window, runId);
    if (progress) seen(window, { at: 'steps', progress });
    if (execution && execution.state !== 'running') {
      const why = await workflows.failure(window, runId);
      return { window, state: execution.state, ...(why === undefined ? {} : { why }) };
    }
    await sleep(pace.pollMs, undefined, { signal });
  }
}

/** Undefined for what fails in passing; one for each server, or the healthy one would excuse the other. */
export function patience({ patienceMs }: Pace): <T>(work: () => Promise<T>) => Promise<T | undefined> {
  let since: number | undefined;
  return async (work) => {
    try {
      const value = await work();
      since = undefined;
      return value;
    } catch (error) {
      if (!(error instanceof ClientError && error.retryable)) throw error;
      since ??= performance.now();
      if (performance.now() - since > patienceMs) throw error;
      return undefined;
    }
  };
}

/** Shows the steps of the newest execution, unless it is the stale one. */
async function look(
  workflows: WindowWorkflows,
  window: WindowId,
  stale: string | undefined,
  seen: Following['seen'],
): Promise<WindowExecution | undefined> {
  const latest = await workflows.latest(window);
  if (!latest || latest.runId === stale) return undefined;
  const progress = await workflows.progress(window, latest.runId);
  if (progress) seen(window, { at: 'steps', progress });
  return latest;
}
