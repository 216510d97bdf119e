import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withDuckDb } from '../../../clients/duckdb-file.ts';
import { createDuckDbWarehouse } from '../../../clients/duckdb-warehouse.ts';
import { ClientError } from '../../../clients/errors.ts';
import type { Warehouse } from '../../../clients/warehouse.ts';
import type { HopReport } from '../../../contracts/hop-report.ts';

const quiet = { signal: new AbortController().signal, note: () => undefined };
const DAYS = ['2026-01-05', '2026-01-06'];
let folder: string;
let file: string;
let warehouse: Warehouse;

const change = (sql: string): Promise<unknown> => withDuckDb(file, (connection) => connection.run(sql));
const publish = () => withDuckDb(':memory:', (target) => warehouse.copyMarts(target, quiet));

/** The hop with which a publication is refused. */
async function refused(): Promise<HopReport> {
  const error = await publish().catch((thrown: unknown) => thrown);
  if (!(error instanceof ClientError)) throw new Error('it was published');
  expect(error).toMatchObject({ code: 'DataQualityFailed', retryable: false });
  return (error.details as { hops: [HopReport] }).hops[0];
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reprise-record-'));
  file = join(folder, 'warehouse.duckdb');
  warehouse = createDuckDbWarehouse({ file });
  await change(`
    CREATE SCHEMA lake; CREATE SCHEMA marts;
    CREATE TABLE lake.mart_state AS SELECT TIMESTAMP '2026-01-05 08:00:00' AS window_start, 'audited' AS state;
    CREATE TABLE lake.mart_content (mart VARCHAR, day VARCHAR, total VARCHAR, high VARCHAR, low VARCHAR);
    CREATE TABLE marts.hourly_activity AS
      SELECT TIMESTAMP '2026-01-05 00:00:00' + to_hours(range::INT) AS activity_hour, range AS plays FROM range(48);
    CREATE TABLE marts.sessions AS SELECT 's' || range AS session_id, DATE '2026-01-05' + (range % 2)::INT AS session_date FROM range(9);
    CREATE TABLE marts.listeners AS SELECT 'l' || range AS listener_id, range / 7 AS skip_rate FROM range(5);
    CREATE TABLE marts.daily_track_charts AS
      SELECT DATE '2026-01-05' + (range % 2)::INT AS activity_date, 't' || range AS track_id, range AS playbacks FROM range(9);
    CREATE TABLE marts.daily_artist_charts AS SELECT * FROM marts.daily_track_charts`);
  await warehouse.recordMarts(DAYS, quiet);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('marts that were audited', () => {
  test('are published as they were recorded, once or twice', async () => {
    const rows = await publish();
    expect(rows.hourly_activity.rows).toBe(48);
    await warehouse.recordMarts(DAYS, quiet);
    expect(await publish()).toEqual(rows);
  });

  test.each([
    [
      'daily_track_charts',
      'UPDATE marts.daily_track_charts SET playbacks = 100 WHERE playbacks = 2',
      '2026-01-05',
    ],
    [
      'hourly_activity',
      "DELETE FROM marts.hourly_activity WHERE activity_hour >= '2026-01-06'",
      '2026-01-06',
    ],
    ['sessions', "INSERT INTO marts.sessions VALUES ('s0', '2026-01-05')", '2026-01-05'],
    ['listeners', "UPDATE marts.listeners SET skip_rate = 1 WHERE listener_id = 'l3'", undefined],
  ])('are not once somebody has changed %s', async (mart, sql, day) => {
    await change(sql);
    const hop = await refused();
    expect(hop).toMatchObject({ hop: 'marts', matches: false });
    expect(Object.keys(hop.expected.by)).toEqual([mart]);
    expect(hop.differences.join(' ')).toContain(`the rows of ${mart} are not the same`);
    expect(hop.differences.at(-1)).toMatch(new RegExp(`^${mart}${day ? ` of ${day}` : ''} held \\d+ rows`));
  });

  test('are again once the day is built and audited anew', async () => {
    await change("DELETE FROM marts.sessions WHERE session_date = '2026-01-06'");
    await refused();
    await warehouse.recordMarts(['2026-01-06'], quiet);
    const served = await publish();
    expect(served.sessions.rows).toBeGreaterThan(0);
  });
});

describe('a day that nobody has recorded', () => {
  test('is published as it is: an earlier version has built it, or a person by hand', async () => {
    await change("DELETE FROM lake.mart_content WHERE day = '2026-01-06'");
    await change("DELETE FROM marts.sessions WHERE session_date = '2026-01-06'");
    await publish();
    await change("DELETE FROM marts.sessions WHERE session_date = '2026-01-05'");
    expect((await refused()).differences.join(' ')).not.toContain('2026-01-06');
  });

  test('is every day in a warehouse without a record', async () => {
    await change('DROP TABLE lake.mart_content');
    await change('DELETE FROM marts.sessions');
    expect((await publish()).sessions.rows).toBe(0);
  });
});
