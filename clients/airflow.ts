import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { VolumeShape, WindowSource } from '../contracts/steps.ts';
import { type WindowId, windowBounds } from '../contracts/window.ts';
import { airflowRequests, type AirflowSettings, refusal } from './airflow-requests.ts';
import { ClientError } from './errors.ts';

/** The DAG that runs windows, and its one task. */
export const LISTENING_WINDOW_DAG = 'listening_window';
export const TASK = 'run_window';

/** Airflow refuses a longer one. */
const LONGEST_NOTE = 1_000;

const runIdOf = (window: WindowId): string => `window__${window}`;

const DagRun = z.object({
  dag_run_id: z.string(),
  state: z.enum(['queued', 'running', 'success', 'failed']),
  conf: z.record(z.string(), z.unknown()).nullable(),
});
export type DagRun = z.infer<typeof DagRun>;

const DagRuns = z.object({ dag_runs: z.array(DagRun) });
const Dag = z.object({ is_paused: z.boolean() });
const TaskInstance = z.object({ try_number: z.number().int() });
const TaskLog = z.object({ content: z.array(z.unknown()) });
const LogLine = z.object({ error_detail: z.array(z.object({ exc_value: z.string() })).min(1) });

/** What makes a window the same window when it is asked for again. */
export interface WindowSettings {
  events: number;
  seed: number;
  shards: number;
  volume_shape: VolumeShape;
  /** Absent: as the schedule has it, by what has arrived in the hour. */
  source?: Exclude<WindowSource, 'auto'>;
}

export interface RunWindowRequest {
  window: WindowId;
  settings: WindowSettings;
  /** What a run that names no settings takes: those of the window's last run, or the schedule's. */
  defaults: WindowSettings;
}

/** `joined`: the window was running already, and with the same settings. */
export type Asked = 'triggered' | 'replayed' | 'joined';

export interface Airflow {
  /** Waits until Airflow has read the DAG: some seconds after its first start. */
  awaitDag(limitMs: number): Promise<void>;
  unpause(): Promise<void>;
  /** Sees to it that the window runs (again) with these settings. */
  runWindow(request: RunWindowRequest): Promise<{ run: DagRun; did: Asked }>;
  dagRun(runId: string): Promise<DagRun>;
  /** The run of the window, and how often its task has been tried; undefined: Airflow knows of none. */
  runOf(window: WindowId): Promise<{ run: DagRun; tries: number } | undefined>;
  isPaused(): Promise<boolean>;
  /** Lets a run that has ended go through its task again. The note stands on its page. */
  clear(runId: string, note: string): Promise<void>;
  trigger(window: WindowId, settings: WindowSettings, note: string): Promise<DagRun>;
  /** The id of the run that `trigger` makes. */
  newRunId(window: WindowId): string;
  /** What the task's log says last about why it failed; undefined when it says nothing. */
  failureReason(runId: string): Promise<string | undefined>;
  runUrl(runId: string): string;
}

const DAG_PATH = `/api/v2/dags/${LISTENING_WINDOW_DAG}`;
const runPath = (runId: string): string => `${DAG_PATH}/dagRuns/${encodeURIComponent(runId)}`;

/** @throws ClientError */
export function createAirflow(settings: AirflowSettings): Airflow {
  const { call, request } = airflowRequests(settings);

  async function existingRun(window: WindowId): Promise<DagRun | undefined> {
    const { start } = windowBounds(window);
    const query = new URLSearchParams({ logical_date_gte: start, logical_date_lte: start });
    return DagRuns.parse(await request('GET', `${DAG_PATH}/dagRuns?${query.toString()}`)).dag_runs[0];
  }

  async function trigger(window: WindowId, conf: WindowSettings, note?: string): Promise<DagRun> {
    const { start, end } = windowBounds(window);
    const run = await request('POST', `${DAG_PATH}/dagRuns`, {
      dag_run_id: runIdOf(window),
      ...(note === undefined ? {} : { note: note.slice(0, LONGEST_NOTE) }),
      logical_date: start,
      // Without these Airflow would take the hour before.
      data_interval_start: start,
      data_interval_end: end,
      conf,
    });
    return DagRun.parse(run);
  }

  return {
    async awaitDag(limitMs) {
      for (const until = performance.now() + limitMs; ; await sleep(500)) {
        const answer = await call('GET', DAG_PATH);
        if (answer.status === 200) return;
        if (answer.status !== 404) throw refusal(`GET ${DAG_PATH}`, answer);
        if (performance.now() > until)
          throw new ClientError(
            'ResourceMissing',
            `Airflow does not know the DAG ${LISTENING_WINDOW_DAG}; its page says why: ${settings.url}/dags`,
          );
      }
    },
    async unpause() {
      await request('PATCH', `${DAG_PATH}?update_mask=is_paused`, { is_paused: false });
    },
    async runWindow({ window, settings: wanted, defaults }) {
      const present = await existingRun(window);
      if (!present) return { run: await trigger(window, wanted), did: 'triggered' };
      const same = sameSettings({ ...defaults, ...withoutNulls(present.conf ?? {}) }, wanted);
      const active = present.state === 'queued' || present.state === 'running';
      if (active && same) return { run: present, did: 'joined' };
      if (active)
        throw new ClientError(
          'InvalidInput',
          `${window} is running with other settings; wait for it, or mark its run failed: ${runUrl(settings, present.dag_run_id)}`,
        );
      if (same) {
        await request('POST', `${runPath(present.dag_run_id)}/clear`, { dry_run: false });
        return { run: await this.dagRun(present.dag_run_id), did: 'replayed' };
      }
      // A run's settings cannot be changed, and clearing it would play the window with the old ones.
      await request('DELETE', runPath(present.dag_run_id));
      return { run: await trigger(window, wanted), did: 'triggered' };
    },
    async runOf(window) {
      const run = await existingRun(window);
      if (!run) return undefined;
      const found = await call('GET', `${runPath(run.dag_run_id)}/taskInstances/${TASK}`);
      return { run, tries: found.status >= 400 ? 0 : TaskInstance.parse(found.body).try_number };
    },
    async isPaused() {
      return Dag.parse(await request('GET', DAG_PATH)).is_paused;
    },
    async clear(runId, note) {
      await request('POST', `${runPath(runId)}/clear`, { dry_run: false, note: note.slice(0, LONGEST_NOTE) });
    },
    trigger,
    newRunId: runIdOf,
    async dagRun(runId) {
      return DagRun.parse(await request('GET', runPath(runId)));
    },
    async failureReason(runId) {
      const task = `${runPath(runId)}/taskInstances/${TASK}`;
      const found = await call('GET', task);
      if (found.status >= 400) return undefined;
      const { try_number } = TaskInstance.parse(found.body);
      const { content } = TaskLog.parse(await request('GET', `${task}/logs/${try_number}?full_content=true`));
      for (const line of content.toReversed()) {
        const error = LogLine.safeParse(line);
        if (error.success) return error.data.error_detail[0]?.exc_value;
      }
      return undefined;
    },
    runUrl: (runId) => runUrl(settings, runId),
  };
}

const runUrl = ({ url }: AirflowSettings, runId: string): string =>
  `${url}/dags/${LISTENING_WINDOW_DAG}/runs/${encodeURIComponent(runId)}`;

const withoutNulls = (conf: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(conf).filter(([, value]) => value !== null));

const sameSettings = (one: Record<string, unknown>, other: WindowSettings): boolean =>
  Object.entries(other).every(([name, value]) => one[name] === value);
