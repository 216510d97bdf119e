import { beforeEach, describe, expect, test } from 'vitest';
import { type ReplayTask, replayWindows } from '../../../cli/replay-windows.ts';
import type { WindowWorkflows } from '../../../cli/window-workflows.ts';
import type { Airflow, DagRun } from '../../../clients/airflow.ts';
import { ClientError } from '../../../clients/errors.ts';
import type { ListeningWindowInput } from '../../../contracts/steps.ts';

const order = { by: 'command line (me@here)', why: 'the disk was full' };
const at = (hour: number): string => `2026-01-05T0${hour}:00Z`;
const taskOf = (window: string, changes: Partial<ReplayTask> = {}): ReplayTask => ({
  request: { window, events: 10, seed: 1, shards: 1, volume_shape: 'flat' },
  from_step: 'load',
  playedBy: undefined,
  isNew: false,
  amend: false,
  ...changes,
});

describe('playing windows again', () => {
  /** What was asked of either server, in its order. */
  let asked: string[];
  let begun: { input: ListeningWindowInput; memo: Record<string, unknown> }[];
  let running: Set<string>;
  let most: number;
  let busy: number;
  beforeEach(() => {
    [asked, begun, running, most, busy] = [[], [], new Set(), 0, 0];
    seen.length = 0;
  });

  const workflows: Partial<WindowWorkflows> = {
    latest: (window) =>
      Promise.resolve(running.has(window) ? { runId: 'another', state: 'running' } : undefined),
    begin: (input, memo) => {
      if (busy > 0 || running.has(input.window)) {
        busy -= 1;
        return Promise.resolve(undefined);
      }
      asked.push(`begin ${input.window}`);
      begun.push({ input, memo });
      running.add(input.window);
      most = Math.max(most, running.size);
      return Promise.resolve(`run of ${input.window}`);
    },
    execution: (window, runId) => {
      const state = running.has(window) ? 'running' : 'completed';
      setTimeout(() => running.delete(window), 20);
      return Promise.resolve({ runId, state });
    },
    progress: () => Promise.resolve(undefined),
    failure: () => Promise.resolve(undefined),
  };
  const seen: string[] = [];
  const following = {
    workflows: workflows as WindowWorkflows,
    seen: (_: string, sighting: object) => void seen.push(JSON.stringify(sighting)),
    signal: new AbortController().signal,
    pace: { pollMs: 5, patienceMs: 100 },
  };

  const airflowWith = (
    run: DagRun | undefined,
    tries = 1,
    clear = (): Promise<void> => Promise.resolve(),
  ): Airflow =>
    ({
      runOf: () => Promise.resolve(run && { run, tries }),
      clear: (runId: string, note: string) => {
        asked.push(`clear ${runId}: ${note}`);
        return clear();
      },
      trigger: (window: string) => {
        asked.push(`trigger ${window}`);
        return Promise.resolve({ dag_run_id: 'new', state: 'queued', conf: null });
      },
      newRunId: () => 'new',
      dagRun: () => Promise.resolve({ dag_run_id: 'r', state: 'success', conf: null }),
      runUrl: (runId: string) => `http://airflow/${runId}`,
    }) as unknown as Airflow;
  const ended: DagRun = { dag_run_id: 'r', state: 'failed', conf: null };

  test('the oldest first, and no more at once than allowed', async () => {
    const tasks = [1, 2, 3, 4].map((hour) => taskOf(at(hour)));
    const endings = await replayWindows({ tasks, order, parallel: 2, airflow: undefined }, following);
    expect(begun.map(({ input }) => input.window)).toEqual([1, 2, 3, 4].map(at));
    expect(most).toBe(2);
    expect(endings.map(({ state }) => state)).toEqual(Array(4).fill('completed'));
  });

  test('the step, who and why go along; Airflow is told of the run that it played', async () => {
    const tasks = [taskOf(at(1), { playedBy: 'r' })];
    const airflow = airflowWith(ended, 3);
    const [ending] = await replayWindows({ tasks, order, parallel: 1, airflow }, following);
    const to = { dag_id: 'listening_window', run_id: 'r', task_id: 'run_window', try_number: 4 };
    expect(begun[0]?.input).toMatchObject({ from_step: 'load', replay: order, airflow: to });
    expect(begun[0]?.memo).toEqual({ handed_to: to });
    // First the workflow: what Airflow's task then finds is running.
    expect(asked).toEqual([
      `begin ${at(1)}`,
      'clear r: Played again from load by command line (me@here): the disk was full',
    ]);
    expect(ending).toMatchObject({ state: 'completed', runId: `run of ${at(1)}`, notes: [] });
  });

  test('a window that never ran gets a run in Airflow', async () => {
    const tasks = [taskOf(at(1), { isNew: true, from_step: 'generate' })];
    await replayWindows({ tasks, order, parallel: 1, airflow: airflowWith(undefined) }, following);
    expect(asked).toEqual([`begin ${at(1)}`, `trigger ${at(1)}`]);
    expect(begun[0]?.memo).toMatchObject({ handed_to: { run_id: 'new', try_number: 1 } });
  });

  test.each<[string, DagRun | undefined, string | undefined]>([
    ['a run that Airflow does not know', undefined, undefined],
    ['a run that was about another request', { ...ended, conf: { seed: 9 } }, 'an older one'],
    ['a run that is under way and joins by itself', { ...ended, state: 'queued' }, 'r'],
  ])('%s is left alone', async (_, run, playedBy) => {
    const tasks = [taskOf(at(1), { playedBy })];
    await replayWindows({ tasks, order, parallel: 1, airflow: airflowWith(run) }, following);
    expect(asked).toEqual([`begin ${at(1)}`]);
    expect(begun[0]?.input.airflow).toBeUndefined();
  });

  test('an Airflow that refuses does not stop the replay, and is not kept quiet about', async () => {
    const refuses = (): Promise<void> => Promise.reject(new ClientError('Unavailable', 'Airflow is away'));
    const tasks = [taskOf(at(1), { playedBy: 'r' })];
    const [ending] = await replayWindows(
      { tasks, order, parallel: 1, airflow: airflowWith(ended, 1, refuses) },
      following,
    );
    expect(ending?.state).toBe('completed');
    expect(ending?.notes).toEqual(['Airflow was not told, and shows what it showed before: Airflow is away']);
  });

  test('an Airflow that is busy is asked again, but a run that has been cleared is not cleared twice', async () => {
    let state: DagRun['state'] = 'failed';
    const answersLate = (): Promise<void> => {
      state = 'queued';
      setTimeout(() => (state = 'success'), 30);
      return Promise.reject(new ClientError('TimedOut', 'Airflow did not answer in 30 s'));
    };
    const airflow = {
      ...airflowWith(ended, 1, answersLate),
      dagRun: () => Promise.resolve({ dag_run_id: 'r', state, conf: null }),
    };
    const tasks = [taskOf(at(1), { playedBy: 'r' })];
    const [ending] = await replayWindows({ tasks, order, parallel: 1, airflow }, following);
    expect(asked.filter((one) => one.startsWith('clear'))).toHaveLength(1);
    expect(ending?.notes).toEqual([]);
  });

  test('two at once take a try of their own in Airflow, one after the other', async () => {
    let tries = 1;
    let state: DagRun['state'] = 'failed';
    const run = (): DagRun => ({ ...ended, state });
    const airflow = {
      ...airflowWith(ended),
      runOf: () => Promise.resolve({ run: run(), tries }),
      dagRun: () => Promise.resolve(run()),
      clear: () => {
        [tries, state] = [tries + 1, 'running'];
        // Its page ends some time after the workflow.
        setTimeout(() => (state = 'success'), 60);
        return Promise.resolve();
      },
    };
    const options = { tasks: [taskOf(at(1), { playedBy: 'r' })], order, parallel: 1, airflow };
    const endings = await Promise.all([1, 2].map(() => replayWindows(options, following)));
    expect(begun.map(({ memo }) => memo.handed_to)).toMatchObject([{ try_number: 2 }, { try_number: 3 }]);
    expect(begun.map(({ input }) => input.airflow?.try_number)).toEqual([2, 3]);
    expect(tries).toBe(3);
    expect(endings.flat().flatMap(({ notes }) => notes)).toEqual([]);
  });

  test('a window that runs is waited for', async () => {
    busy = 3;
    await replayWindows({ tasks: [taskOf(at(1))], order, parallel: 1, airflow: undefined }, following);
    expect(seen.filter((sighting) => sighting.includes('waits'))).toHaveLength(3);
    expect(begun).toHaveLength(1);
  });
});
