import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Airflow, createAirflow, type DagRun } from '../../../clients/airflow.ts';
import { ClientError } from '../../../clients/errors.ts';

const WINDOW = '2026-01-05T08:00Z';
const SETTINGS = { events: 100, seed: 1, shards: 2, volume_shape: 'flat' } as const;
const DEFAULTS = { events: 20_000, seed: 1, shards: 2, volume_shape: 'diurnal' } as const;
const REQUEST = { window: WINDOW, settings: SETTINGS, defaults: DEFAULTS } as const;
const DAG = '/api/v2/dags/listening_window';

/** As much of Airflow as the client talks to, and what it was asked. */
class FakeAirflow {
  readonly asked: { call: string; body: unknown }[] = [];
  password = 'right';
  token = 'first';
  runs: DagRun[] = [];
  answers: Record<string, { status: number; body: unknown }> = {};
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      void this.#answer(request).then(({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(status === 204 ? undefined : JSON.stringify(body));
      });
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  get calls(): string[] {
    return this.asked.map(({ call }) => call);
  }

  async #answer(request: IncomingMessage): Promise<{ status: number; body: unknown }> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    const path = (request.url ?? '').split('?')[0] ?? '';
    const call = `${request.method} ${path.replace(DAG, '')}`;
    if (path === '/auth/token') {
      this.asked.push({ call, body: undefined });
      return (body as { password: string }).password === this.password
        ? { status: 201, body: { access_token: this.token } }
        : { status: 401, body: { detail: 'Invalid credentials' } };
    }
    this.asked.push({ call, body });
    if (request.headers.authorization !== `Bearer ${this.token}`)
      return { status: 401, body: { detail: 'Invalid JWT token' } };
    const prepared = this.answers[call];
    if (prepared) return prepared;
    if (call === 'GET /dagRuns') return { status: 200, body: { dag_runs: this.runs } };
    if (call === 'POST /dagRuns') return { status: 200, body: run({ conf: (body as DagRun).conf }) };
    if (call.startsWith('DELETE')) return { status: 204, body: undefined };
    return { status: 200, body: this.runs[0] ?? {} };
  }
}

const run = (changes: Partial<DagRun> = {}): DagRun => ({
  dag_run_id: 'window__1',
  state: 'queued',
  conf: {},
  ...changes,
});

describe('Airflow', () => {
  let fake: FakeAirflow;
  let airflow: Airflow;
  let url: string;

  beforeEach(async () => {
    fake = new FakeAirflow();
    url = await fake.start();
    airflow = createAirflow({ url, user: 'admin', password: 'right', credentialsFile: '/i/secrets.json' });
  });
  afterEach(() => fake.stop());

  const failure = async (work: Promise<unknown>): Promise<ClientError> => {
    const error: unknown = await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof ClientError)) throw new Error(`no ClientError but ${String(error)}`);
    expect(error.message).not.toContain('\n');
    return error;
  };

  test('a window that never ran is triggered with its own interval', async () => {
    const { run: made, did } = await airflow.runWindow(REQUEST);
    expect(did).toBe('triggered');
    expect(made.conf).toEqual(SETTINGS);
    expect(fake.calls).toEqual(['POST /auth/token', 'GET /dagRuns', 'POST /dagRuns']);
    expect(fake.asked.at(-1)?.body).toEqual({
      dag_run_id: 'window__2026-01-05T08:00Z',
      logical_date: '2026-01-05T08:00:00.000Z',
      data_interval_start: '2026-01-05T08:00:00.000Z',
      data_interval_end: '2026-01-05T09:00:00.000Z',
      conf: SETTINGS,
    });
  });

  test('a window that ran with the same settings is played again', async () => {
    fake.runs = [run({ state: 'success', conf: { ...SETTINGS } })];
    expect((await airflow.runWindow(REQUEST)).did).toBe('replayed');
    expect(fake.asked).toContainEqual({ call: 'POST /dagRuns/window__1/clear', body: { dry_run: false } });
    expect(fake.calls).not.toContain('POST /dagRuns');
  });

  test('a replay is noted on the run that shows it, or gets a run of its own', async () => {
    fake.runs = [run({ state: 'failed' })];
    fake.answers['GET /dagRuns/window__1/taskInstances/run_window'] = {
      status: 200,
      body: { try_number: 3 },
    };
    expect(await airflow.runOf(WINDOW)).toMatchObject({ run: { dag_run_id: 'window__1' }, tries: 3 });
    await airflow.clear('window__1', 'x'.repeat(2_000));
    expect(fake.asked.at(-1)).toEqual({
      call: 'POST /dagRuns/window__1/clear',
      body: { dry_run: false, note: 'x'.repeat(1_000) },
    });
    fake.runs = [];
    expect(await airflow.runOf(WINDOW)).toBeUndefined();
    await airflow.trigger(WINDOW, SETTINGS, 'because');
    expect(fake.asked.at(-1)?.body).toMatchObject({
      ...{ dag_run_id: airflow.newRunId(WINDOW), conf: SETTINGS, note: 'because' },
      data_interval_start: '2026-01-05T08:00:00.000Z',
    });
    fake.answers['GET '] = { status: 200, body: { is_paused: true } };
    expect(await airflow.isPaused()).toBe(true);
  });

  test.each([[{}], [null], [{ events: null }]])(
    'a run with the settings %j had the defaults',
    async (conf) => {
      fake.runs = [run({ state: 'failed', conf })];
      expect((await airflow.runWindow({ ...REQUEST, settings: REQUEST.defaults })).did).toBe('replayed');
    },
  );

  test.each([
    { seed: 9 },
    { volume_shape: 'diurnal' },
    // The schedule's default, which is another than that of a person.
    { volume_shape: null },
  ])('a window that ran with %j gets a new run, for a run keeps its settings', async (other) => {
    fake.runs = [run({ state: 'success', conf: { ...SETTINGS, ...other } })];
    const { run: made, did } = await airflow.runWindow(REQUEST);
    expect(did).toBe('triggered');
    expect(made.conf).toEqual(SETTINGS);
    expect(fake.calls.slice(-2)).toEqual(['DELETE /dagRuns/window__1', 'POST /dagRuns']);
  });

  test('a window that runs already is joined', async () => {
    fake.runs = [run({ state: 'running', conf: { ...SETTINGS } })];
    expect((await airflow.runWindow(REQUEST)).did).toBe('joined');
    expect(fake.calls).toEqual(['POST /auth/token', 'GET /dagRuns']);
  });

  test('a window that runs with other settings is left alone', async () => {
    fake.runs = [run({ state: 'running', conf: {} })];
    const { code, message } = await failure(airflow.runWindow(REQUEST));
    expect(code).toBe('InvalidInput');
    expect(message).toContain(`${url}/dags/listening_window/runs/window__1`);
    expect(fake.calls).toEqual(['POST /auth/token', 'GET /dagRuns']);
  });

  test('a token that has expired is fetched anew', async () => {
    fake.runs = [run()];
    await airflow.dagRun('window__1');
    fake.token = 'second';
    expect((await airflow.dagRun('window__1')).state).toBe('queued');
    expect(fake.calls.filter((call) => call === 'POST /auth/token')).toHaveLength(2);
  });

  test('a refused password names the file that holds it, and not the password', async () => {
    fake.password = 'another';
    const { code, message } = await failure(airflow.dagRun('window__1'));
    expect(code).toBe('AccessDenied');
    expect(message).toContain('/i/secrets.json');
    expect(message).not.toContain('right');
  });

  test('an Airflow that is not there is said to be not there', async () => {
    await fake.stop();
    const { code, message } = await failure(airflow.dagRun('window__1'));
    expect(code).toBe('Unavailable');
    expect(message).toBe(`Airflow does not answer at ${url} (ECONNREFUSED)`);
    await fake.start();
  });

  test.each([
    [400, { detail: 'Invalid input for param events\n\nFailed validating' }, 'InvalidInput', 'param events'],
    [403, { detail: 'Forbidden' }, 'AccessDenied', 'Forbidden'],
    [409, { detail: { reason: 'Unique constraint violation' } }, 'InvalidInput', 'Unique constraint'],
    [500, 'Internal Server Error', 'Unavailable', 'no reason given'],
  ])('an answer of %i becomes one line', async (status, body, code, said) => {
    fake.answers = { 'POST /dagRuns': { status, body } };
    const error = await failure(airflow.runWindow(REQUEST));
    expect(error.code).toBe(code);
    expect(error.message).toContain(said);
  });

  test('the DAG is waited for, but not for ever', async () => {
    fake.answers = { 'GET ': { status: 404, body: { detail: 'not found' } } };
    expect((await failure(airflow.awaitDag(1))).code).toBe('ResourceMissing');
    fake.answers = {};
    await airflow.awaitDag(1);
  });

  test('the reason of a failure is the last error in the task’s log', async () => {
    const task = '/dagRuns/window__1/taskInstances/run_window';
    const line = (exc_value: string) => ({
      event: 'Task failed',
      error_detail: [{ exc_type: 'X', exc_value }],
    });
    const content = [
      { event: 'start' },
      line('an earlier one'),
      line('Temporal does not answer'),
      'plain text',
    ];
    fake.answers = {
      [`GET ${task}`]: { status: 200, body: { try_number: 2 } },
      [`GET ${task}/logs/2`]: { status: 200, body: { content } },
    };
    expect(await airflow.failureReason('window__1')).toBe('Temporal does not answer');
    fake.answers = { [`GET ${task}`]: { status: 404, body: {} } };
    expect(await airflow.failureReason('window__1')).toBeUndefined();
  });
});
