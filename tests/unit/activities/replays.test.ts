import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createReplayActivities, readReplays, type RunRecord } from '../../../activities/replays.ts';
import { keys } from '../../../contracts/lake.ts';
import { outcomeOf, type WindowOutcome } from '../../../contracts/replay.ts';
import { memoryStore } from '../../workflow/memory-store.ts';
import { sampleReport } from '../cli/sample-report.ts';
import { runActivity } from './run-activity.ts';

const window = '2026-01-05T08:00Z';
const outcome = (run_id: string, changes: Partial<WindowOutcome> = {}): WindowOutcome => ({
  ...outcomeOf({ ...sampleReport(), shards: 1 }),
  run_id,
  ...changes,
});
const run = (run_id: string, changes: Partial<RunRecord> = {}): RunRecord => ({
  ...{ window, from_step: 'generate', started_at: `2026-03-01T00:0${run_id}:00.000Z`, airflow: null },
  ...{
    workflow: { workflow_id: 'w', run_id },
    before: null,
    requested_by: 'airflow',
    after: outcome(run_id),
  },
  ...changes,
});

describe('the record of replays', () => {
  let store: ReturnType<typeof memoryStore>;
  let serving: string;
  beforeEach(async () => {
    store = memoryStore();
    serving = await mkdtemp(join(tmpdir(), 'serving-'));
  });
  afterEach(() => rm(serving, { recursive: true }));

  const record = (one: RunRecord): Promise<void> =>
    runActivity(createReplayActivities({ store, serving }).recordReplay, { run: one });
  const kept = () => readReplays(store, window, 10);

  test('a first run is none, but what the next is compared with', async () => {
    await record(run('1'));
    expect(await kept()).toEqual([]);
    await record(run('2', { before: outcome('1') }));
    expect(await kept()).toMatchObject([
      { order: { by: 'airflow', why: 'run again' }, identical: true, compared_with: { run_id: '1' } },
    ]);
  });

  test('is there from the beginning on, and once, however often it is tried', async () => {
    await record(run('1'));
    const replay = run('2', { before: outcome('1'), replay: { by: 'me', why: 'x' } });
    await record({ ...replay, after: null });
    expect(await kept()).toMatchObject([{ order: { by: 'me' }, after: null, identical: null }]);
    await record(replay);
    await record(replay);
    expect(await kept()).toMatchObject([{ after: { run_id: '2' }, compared_with: { run_id: '1' } }]);
  });

  test('compares with the last run that came through, not with one that failed since', async () => {
    await record(run('1'));
    const failed = outcome('2', { state: 'failed', reconciled: false, holds: {} });
    await record(run('2', { before: outcome('1'), after: failed }));
    await record(run('3', { before: failed }));
    expect(await kept()).toMatchObject([
      { before: { state: 'failed' }, compared_with: { run_id: '1' }, identical: true },
      { after: { state: 'failed' }, identical: null },
    ]);
  });

  test('is mirrored for the dashboard, the newest first and not all of them', async () => {
    for (const id of ['1', '2', '3', '4', '5', '6', '7'])
      await record(run(id, { before: outcome('0', { reconciled: false }) }));
    const mirrored = JSON.parse(
      await readFile(join(serving, 'replays', '2026-01-05T08-00Z.json'), 'utf8'),
    ) as { workflow: { run_id: string } }[];
    expect(mirrored.map(({ workflow }) => workflow.run_id)).toEqual(['7', '6', '5', '4', '3']);
  });

  test.each([
    ['before', '2026-02-28T00:00:00Z', { days: ['2026-01-05'] }, false],
    ['since, on a day of its own', '2026-03-02T00:00:00Z', { days: ['2026-01-07'] }, false],
    ['since, on the same day', '2026-03-02T00:00:00Z', { days: ['2026-01-05', '2026-01-07'] }, true],
    ['since, and does not say on which days', '2026-03-02T00:00:00Z', {}, true],
  ])('knows by its report whether another window has run %s', async (_, at, report, excused) => {
    const holds = (rows: number): Partial<WindowOutcome> => ({
      days: ['2026-01-04', '2026-01-05'],
      holds: { marts: { total: rows, content_hash: null, by: {} } },
    });
    await mkdir(join(serving, 'reports'));
    const other = join(serving, 'reports', '2026-01-05T09-00Z.json');
    await writeFile(other, JSON.stringify(report));
    await utimes(other, new Date(at), new Date(at));
    await record(run('1', { after: outcome('1', holds(7)) }));
    await record(run('2', { before: outcome('1', holds(7)), after: outcome('2', holds(8)) }));
    const sentence = 'marts held 7 records and holds 8.';
    expect(await kept()).toMatchObject([
      excused
        ? { identical: true, differences: [], remarks: [sentence] }
        : { identical: false, differences: [sentence], remarks: [] },
    ]);
    expect(store.objects.has(keys.outcome(window))).toBe(true);
  });
});
