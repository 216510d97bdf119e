import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Config } from '../../config/config.ts';

const Token = z.object({ access_token: z.string() });
const DagRun = z.object({
  dag_run_id: z.string(),
  state: z.string(),
  data_interval_start: z.string().nullable(),
  data_interval_end: z.string().nullable(),
});
const Backfill = z.object({ id: z.number().int(), completed_at: z.string().nullable() });
export type DagRun = z.infer<typeof DagRun>;

export const DAG = 'listening_window';

/** Airflow's own REST interface, as an operator's script would use it. */
export class AirflowApi {
  readonly #url: string;
  readonly #token: string;

  private constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  static async login({ airflow }: Config): Promise<AirflowApi> {
    const { user, password } = airflow.credentials();
    const response = await fetch(`${airflow.url}/auth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: user, password }),
    });
    if (!response.ok) throw new Error(`Airflow's login answered ${response.status}`);
    return new AirflowApi(airflow.url, Token.parse(await response.json()).access_token);
  }

  async #call(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${this.#url}/api/v2/${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  async run(runId: string, dag = DAG): Promise<DagRun> {
    return DagRun.parse(await this.#call('GET', `dags/${dag}/dagRuns/${encodeURIComponent(runId)}`));
  }

  /** What the button "Trigger" of a DAG does; gives the id of the run. */
  async trigger(dag: string, conf: object): Promise<string> {
    const run = await this.#call('POST', `dags/${dag}/dagRuns`, { logical_date: null, conf });
    return DagRun.parse(run).dag_run_id;
  }

  /** What the button "Backfill" does with windows whose runs have ended so; ends when their runs have. */
  async backfill(
    from: string,
    to: string,
    reprocess: 'completed' | 'failed',
    limitMs: number,
  ): Promise<void> {
    const { id } = Backfill.parse(
      await this.#call('POST', 'backfills', {
        ...{ dag_id: DAG, from_date: from, to_date: to, dag_run_conf: {}, run_backwards: false },
        ...{ max_active_runs: 2, reprocess_behavior: reprocess },
      }),
    );
    for (const until = performance.now() + limitMs; performance.now() < until; await sleep(1000)) {
      if (Backfill.parse(await this.#call('GET', `backfills/${id}`)).completed_at !== null) return;
    }
    throw new Error(`backfill ${id} had not ended after ${limitMs / 1000} s`);
  }

  /** What the button "Clear" of a run does: its window is played again. */
  async clear(runId: string): Promise<void> {
    await this.#call('POST', `dags/${DAG}/clearTaskInstances`, {
      dry_run: false,
      only_failed: false,
      reset_dag_runs: true,
      dag_run_id: runId,
    });
  }

  async waitForEnd(runId: string, limitMs: number, dag = DAG): Promise<DagRun> {
    for (const until = performance.now() + limitMs; performance.now() < until; await sleep(1000)) {
      const run = await this.run(runId, dag);
      if (run.state === 'success' || run.state === 'failed') return run;
    }
    throw new Error(`DAG run ${runId} had not ended after ${limitMs / 1000} s`);
  }
}
