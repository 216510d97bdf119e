import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { goneFromWarehouse, type GoneOutput } from '../../../activities/kept-warehouse.ts';
import { withDuckDb } from '../../../clients/duckdb-file.ts';
import { createDuckDbWarehouse } from '../../../clients/duckdb-warehouse.ts';
import type { LoadedWindow } from '../../../clients/warehouse.ts';
import { compareHop } from '../../../contracts/hops.ts';
import type { BuildResult } from '../../../contracts/steps.ts';
import { EVENTS_PER_WINDOW, openFixtureLake, WINDOWS } from '../../parity/fixture-lake.ts';
import { makeMartsIn } from './some-marts.ts';

const quiet = { signal: new AbortController().signal, note: () => undefined };
const [window, OTHER] = WINDOWS;
let folder: string;
let file: string;
let load: LoadedWindow;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reprise-kept-'));
  file = join(folder, 'warehouse.duckdb');
  const lake = await openFixtureLake();
  const into = createDuckDbWarehouse({ file });
  load = await into.loadWindow({ window, lake: await lake.at(window), key: 'run' }, quiet);
  await into.loadWindow({ window: OTHER, lake: await lake.at(OTHER), key: 'run' }, quiet);
  lake.close();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const change = (sql: string): Promise<unknown> => withDuckDb(file, (connection) => connection.run(sql));
const gone = (build?: BuildResult): Promise<GoneOutput | undefined> =>
  goneFromWarehouse(createDuckDbWarehouse({ file }), { window, load, build }, quiet);
const OURS = `window_start = (SELECT min(window_start) FROM lake.events)`;

describe('what a load left in the warehouse', () => {
  test('is there', async () => {
    expect(await gone()).toBeUndefined();
  });

  test.each([
    [
      'rows that were deleted',
      `DELETE FROM lake.events WHERE ${OURS}`,
      /holds 0 records.*: 400 are missing$/,
    ],
    [
      'a row that is there twice',
      `INSERT INTO lake.events SELECT * FROM lake.events WHERE ${OURS} LIMIT 1`,
      /holds 401 records/,
    ],
    [
      'other content',
      `UPDATE lake.events SET record_hash = record_hash + 1 WHERE event_id = (SELECT min(event_id) FROM lake.events WHERE ${OURS})`,
      /content hash/,
    ],
    ['a table', 'DROP TABLE lake.minute_counts', /holds 0 records/],
    [
      'another value beside the hash',
      `UPDATE lake.events SET ms_played = 1 WHERE event_id = (SELECT min(event_id) FROM lake.events WHERE ${OURS})`,
      /^events in the warehouse has other values in some rows/,
    ],
    [
      'another minute count',
      `UPDATE lake.minute_counts SET events = events + 1 WHERE ${OURS}`,
      /^minute_counts in the warehouse has other values in some rows/,
    ],
    [
      'quarantined records',
      `DELETE FROM lake.quarantine WHERE ${OURS}`,
      /^quarantine in the warehouse held 4 rows of the window and holds 0$/,
    ],
  ])('is not there with %s', async (_, sql, why) => {
    expect(load.rows).toMatchObject({ events: EVENTS_PER_WINDOW, quarantine: 4 });
    await change(sql);
    expect(await gone()).toEqual({ step: 'load', why: expect.stringMatching(why) as string });
  });

  test('is not there without the file', async () => {
    await rm(file);
    expect(await gone()).toMatchObject({ step: 'load' });
  });
});

describe('what a build left in the warehouse', () => {
  let build: BuildResult;
  beforeEach(async () => {
    await makeMartsIn(file);
    const { expected, observed } = await createDuckDbWarehouse({ file }).auditMarts(
      ...([window, load.affected_dates, quiet] as const),
    );
    build = {
      ...{ models: 1, tests: 1, seconds: 1, resumed: false },
      hops: [compareHop('marts', expected, observed)],
    };
  });

  test('is there', async () => {
    expect(await gone(build)).toBeUndefined();
  });

  test.each([
    [
      'events that the hours no longer count',
      'UPDATE marts.hourly_activity SET plays = plays - 1',
      /^marts holds/,
    ],
    ['sessions that were deleted', 'DELETE FROM marts.sessions', /not what they were when it was built$/],
    ['a mart that was dropped', 'DROP TABLE marts.daily_track_charts', /not there any more$/],
  ])('is not there with %s', async (_, sql, why) => {
    await change(sql);
    expect(await gone(build)).toEqual({ step: 'build', why: expect.stringMatching(why) as string });
    // Which nobody asks who builds anyway.
    expect(await gone()).toBeUndefined();
  });
});
