import { beforeEach, describe, expect, test } from 'vitest';
import {
  askAirflow,
  type Ending,
  followDirectly,
  type Following,
  followRun,
  type Sighting,
} from '../../../cli/follow-window.ts';
import type { WindowExecution, WindowWorkflows } from '../../../cli/window-workflows.ts';
import type { Airflow, Asked, DagRun, RunWindowRequest } from '../../../clients/airflow.ts';
import { ClientError } from '../../../clients/errors.ts';
import type { WindowProgress } from '../../../contracts/report.ts';

const window = '2026-01-05T08:00Z';
const settings = { events: 1, seed: 1, shards: 1, volume_shape: 'flat' } as const;
const progressOf = (runId: string): WindowProgress => ({
  window,
  state: 'running',
  step: null,
  steps: [{ runId }] as never,
});

/** Answers one after the other; the last one stands. */
function answers<T>(...given: (T | Error)[]): () => Promise<T> {
  return () => {
    const next = given.length > 1 ? given.shift() : given[0];
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next as T);
  };
}

function workflowsOf(latest: () => Promise<WindowExecution | undefined>): WindowWorkflows {
  return {
    latest,
    start: () => Promise.resolve(),
    execution: latest,
    begin: () => Promise.resolve('begun'),
    failure: () => Promise.resolve(undefined),
    progress: (_, runId) => Promise.resolve(progressOf(runId)),
    close: () => Promise.resolve(),
  };
}

function airflowOf(did: Asked, state: () => Promise<DagRun['state']>): Airflow {
  const run = (now: DagRun['state']): DagRun => ({ dag_run_id: 'r', state: now, conf: null });
  return {
    awaitDag: () => Promise.resolve(),
    unpause: () => Promise.resolve(),
    runWindow: () => Promise.resolve({ run: run('queued'), did }),
    dagRun: async () => run(await state()),
    runOf: () => Promise.resolve({ run: run('success'), tries: 1 }),
    isPaused: () => Promise.resolve(false),
    clear: () => Promise.resolve(),
    trigger: () => Promise.resolve(run('queued')),
    newRunId: () => 'new',
    failureReason: () => Promise.resolve('Temporal does not answer'),
    runUrl: (runId) => `http://airflow/${runId}`,
  };
}

async function followThroughAirflow(
  airflow: Airflow,
  request: RunWindowRequest,
  following: Following,
): Promise<Ending> {
  return followRun(airflow, await askAirflow(airflow, request, following), following);
}

describe('following a window', () => {
  let seen: Sighting[];
  const following = (workflows: WindowWorkflows, signal = new AbortController().signal) => ({
    workflows,
    signal,
    // No test is to wait so long, however busy the machine: patience that ends is a test of its own.
    pace: { pollMs: 1, patienceMs: 60_000 },
    seen: (_: string, sighting: Sighting) => seen.push(sighting),
  });
  const runsSeen = (): string[] =>
    seen.flatMap((one) =>
      one.at === 'steps' ? [(one.progress.steps[0] as unknown as { runId: string }).runId] : [],
    );
  const request = { window, settings, defaults: settings };

  beforeEach(() => {
    seen = [];
  });

  test('shows the new execution and not the one before it', async () => {
    const old = { runId: 'old', state: 'completed' } as const;
    const workflows = workflowsOf(
      answers<WindowExecution | undefined>(old, old, { runId: 'new', state: 'running' }),
    );
    const airflow = airflowOf('replayed', answers<DagRun['state']>('queued', 'running', 'success'));
    const ending = await followThroughAirflow(airflow, request, following(workflows));
    expect(ending).toEqual({ window, state: 'completed' });
    expect(new Set(runsSeen())).toEqual(new Set(['new']));
    expect(seen[0]).toEqual({ at: 'asked', did: 'replayed' });
  });

  test('shows the execution that it joins', async () => {
    const workflows = workflowsOf(answers<WindowExecution | undefined>({ runId: 'there', state: 'running' }));
    const airflow = airflowOf('joined', answers<DagRun['state']>('success'));
    await followThroughAirflow(airflow, request, following(workflows));
    expect(runsSeen()).toEqual(['there']);
  });

  test.each(['failed', 'cancelled'] as const)(
    'a workflow that %s leaves the why to its report',
    async (state) => {
      const workflows = workflowsOf(answers<WindowExecution | undefined>(undefined, { runId: 'new', state }));
      const airflow = airflowOf('triggered', answers<DagRun['state']>('failed'));
      expect(await followThroughAirflow(airflow, request, following(workflows))).toEqual({ window, state });
    },
  );

  test('a run that failed before its workflow says why itself', async () => {
    const workflows = workflowsOf(answers<WindowExecution | undefined>({ runId: 'old', state: 'failed' }));
    const airflow = airflowOf('replayed', answers<DagRun['state']>('failed'));
    const ending = await followThroughAirflow(airflow, request, following(workflows));
    expect(ending).toEqual({ window, state: 'failed', why: 'Temporal does not answer' });
  });

  test('a server that restarts does not end the watching', async () => {
    const away = new ClientError('Unavailable', 'away');
    const workflows = workflowsOf(
      answers<WindowExecution | undefined>(undefined, away, { runId: 'new', state: 'running' }),
    );
    const airflow = airflowOf('triggered', answers<DagRun['state']>('running', away, away, 'success'));
    expect((await followThroughAirflow(airflow, request, following(workflows))).state).toBe('completed');
  });

  test('a server that stays away does', async () => {
    const airflow = airflowOf('triggered', () => {
      return Promise.reject(new ClientError('Unavailable', 'away'));
    });
    const workflows = workflowsOf(answers<WindowExecution | undefined>(undefined));
    const impatient = { ...following(workflows), pace: { pollMs: 1, patienceMs: 30 } };
    await expect(followThroughAirflow(airflow, request, impatient)).rejects.toThrow('away');
  });

  test('a busy Airflow is asked again', async () => {
    const busy = new ClientError('Unavailable', 'Airflow refuses it (500): Database error');
    const airflow = airflowOf('triggered', answers<DagRun['state']>('success'));
    const runWindow = answers<Awaited<ReturnType<Airflow['runWindow']>>>(busy, busy, {
      run: { dag_run_id: 'r', state: 'queued', conf: null },
      did: 'joined',
    });
    const workflows = workflowsOf(answers<WindowExecution | undefined>(undefined));
    const ending = await followThroughAirflow({ ...airflow, runWindow }, request, following(workflows));
    expect(ending.state).toBe('completed');
    expect(seen).toEqual([{ at: 'asked', did: 'joined' }]);
  });

  test('what cannot pass ends it at once', async () => {
    const denied = new ClientError('AccessDenied', 'no');
    const workflows = workflowsOf(answers<WindowExecution | undefined>(undefined));
    await expect(
      followThroughAirflow(
        airflowOf('triggered', answers<DagRun['state']>(denied)),
        request,
        following(workflows),
      ),
    ).rejects.toThrow('no');
  });

  test('without Airflow it follows the workflow to its end', async () => {
    const workflows = workflowsOf(
      answers<WindowExecution | undefined>(
        { runId: 'a', state: 'running' },
        { runId: 'a', state: 'completed' },
      ),
    );
    const ending = await followDirectly({ window, ...settings, requested_by: 'test' }, following(workflows));
    expect(ending).toEqual({ window, state: 'completed' });
    expect(runsSeen()).toEqual(['a', 'a']);
  });

  test('Ctrl-C ends the watching', async () => {
    const workflows = workflowsOf(answers<WindowExecution | undefined>({ runId: 'a', state: 'running' }));
    const stopped = following(workflows, AbortSignal.abort());
    await expect(followDirectly({ window, ...settings, requested_by: 'test' }, stopped)).rejects.toThrow(
      /aborted/,
    );
  });
});
