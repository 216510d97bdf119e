import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withDuckDb } from '../../../clients/duckdb-file.ts';
import { createDuckDbWarehouse } from '../../../clients/duckdb-warehouse.ts';
import { LOADED_EVENTS, loadDifferences } from '../../../clients/load-differences.ts';
import type { MartAudit } from '../../../clients/mart-audit.ts';
import { compareHop } from '../../../contracts/hops.ts';
import { openFixtureLake, WINDOWS } from '../../parity/fixture-lake.ts';
import { makeHoursIn, makeMartsIn } from './some-marts.ts';

const quiet = { signal: new AbortController().signal, note: () => undefined };
const DAYS = ['2026-01-04', '2026-01-05', '2026-01-06'];
let folder: string;
let file: string;

const change = (sql: string): Promise<unknown> => withDuckDb(file, (connection) => connection.run(sql));
const audit = (days = DAYS): Promise<MartAudit> =>
  createDuckDbWarehouse({ file }).auditMarts(WINDOWS[0], days, quiet);
const hopOf = ({ expected, observed, records }: MartAudit) =>
  compareHop('marts', expected, observed, { records });

const makeHours = (): Promise<unknown> => makeHoursIn(file);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reprise-audit-'));
  file = join(folder, 'warehouse.duckdb');
  const lake = await openFixtureLake();
  const warehouse = createDuckDbWarehouse({ file });
  for (const window of WINDOWS.slice(0, 2))
    await warehouse.loadWindow({ window, lake: await lake.at(window), key: 'run' }, quiet);
  lake.close();
  await makeMartsIn(file);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** One event that stands in one window only. */
async function some(type: string): Promise<string> {
  return withDuckDb(file, async (connection) => {
    const found =
      await connection.runAndReadAll(`SELECT event_id FROM lake.events WHERE event_type = '${type}'
      GROUP BY event_id HAVING count(*) = 1 AND min(hour(window_start)) = 22 ORDER BY ALL LIMIT 1`);
    return String(found.getRows()[0]?.[0]);
  });
}

describe('the marts', () => {
  test('hold the events of the days, those that came twice once, and each mart has its hash', async () => {
    const found = await audit();
    expect(hopOf(found)).toMatchObject({ hop: 'marts', matches: true });
    expect(Object.keys(found.expected.by ?? {}).sort()).toEqual([
      ...['playlist_created', 'track_liked', 'track_played', 'track_skipped'],
    ]);
    expect(found.expected.total).toBeGreaterThan(500);
    expect(Object.keys(found.observed.content_hashes ?? {})).toHaveLength(4);
    expect((await audit()).observed).toEqual(found.observed);
    expect((await audit(['2026-01-04'])).observed.content_hash).not.toBe(found.observed.content_hash);
  });

  test('of a window without days are not asked', async () => {
    expect(await audit([])).toEqual({
      expected: { total: 0, content_hash: null, by: {} },
      observed: { total: 0, content_hash: null, by: {} },
      records: [],
    });
  });

  test('that lost an event do not pass, and it is named', async () => {
    const id = await some('track_liked');
    await change(`DELETE FROM intermediate.int_events_deduplicated WHERE event_id = '${id}'`);
    await makeHours();
    const hop = hopOf(await audit());
    expect(hop.records).toEqual([{ finding: 'missing', type: 'track_liked', event_id: id }]);
    expect(hop.differences[1]).toMatch(
      /^marts holds \d+ records of track_liked, the events of those days make /,
    );
  });

  test('lack nothing when another window is loaded meanwhile', async () => {
    const lake = await openFixtureLake();
    const before = await audit();
    await createDuckDbWarehouse({ file }).loadWindow(
      { window: WINDOWS[2], lake: await lake.at(WINDOWS[2]), key: 'run' },
      quiet,
    );
    lake.close();
    expect(await audit()).toEqual(before);
  });

  test('that took an event for another do not pass', async () => {
    const id = await some('track_played');
    await change(
      `UPDATE intermediate.int_events_deduplicated SET event_type = 'track_skipped' WHERE event_id = '${id}'`,
    );
    await makeHours();
    expect(hopOf(await audit()).records).toEqual([
      { finding: 'missing', type: 'track_played', event_id: id },
      { finding: 'extra', type: 'track_skipped', event_id: id },
    ]);
  });

  test('that counted an event twice do not pass', async () => {
    await change(
      'UPDATE marts.hourly_activity SET plays = plays + 1 WHERE plays = (SELECT max(plays) FROM marts.hourly_activity)',
    );
    const hop = hopOf(await audit());
    expect(hop.matches).toBe(false);
    expect(hop.differences[0]).toMatch(/too many/);
  });

  test('that were altered have another hash', async () => {
    const before = await audit();
    await change(
      "UPDATE marts.daily_track_charts SET playbacks = playbacks + 1 WHERE activity_date = '2026-01-05' AND track_id = 'track-1'",
    );
    const { content_hashes: hashes } = (await audit()).observed;
    expect(hashes).not.toEqual(before.observed.content_hashes);
    expect({ ...hashes, daily_track_charts: '' }).toEqual({
      ...before.observed.content_hashes,
      daily_track_charts: '',
    });
  });
});

describe('a load that brought other events', () => {
  test('names those that were lost, doubled, altered or moved to another type', async () => {
    const lake = await openFixtureLake();
    const connection = await lake.at(WINDOWS[0]);
    const loadedAs = async (sql: string) => {
      await connection.run(
        `CREATE OR REPLACE TEMP TABLE ${LOADED_EVENTS} AS SELECT event_id, event_type, record_hash FROM events`,
      );
      await connection.run(sql);
      return (await loadDifferences(connection)).map(({ finding, type }) => `${finding} ${type}`);
    };
    const first = await connection.runAndReadAll(
      "SELECT min(event_id) FROM events WHERE event_type = 'track_liked'",
    );
    const id = `event_id = '${String(first.getRows()[0]?.[0])}'`;
    expect(await loadedAs('SELECT 1')).toEqual([]);
    expect(await loadedAs(`DELETE FROM ${LOADED_EVENTS} WHERE ${id}`)).toEqual(['missing track_liked']);
    expect(await loadedAs(`INSERT INTO ${LOADED_EVENTS} SELECT * FROM ${LOADED_EVENTS} WHERE ${id}`)).toEqual(
      ['extra track_liked'],
    );
    expect(await loadedAs(`UPDATE ${LOADED_EVENTS} SET record_hash = 7 WHERE ${id}`)).toEqual([
      'missing track_liked',
      'extra track_liked',
    ]);
    expect(await loadedAs(`UPDATE ${LOADED_EVENTS} SET event_type = 'track_played' WHERE ${id}`)).toEqual([
      'missing track_liked',
      'extra track_played',
    ]);
    expect(await loadedAs(`DELETE FROM ${LOADED_EVENTS}`)).toHaveLength(10);
    lake.close();
  });
});

test('a load says by which events it is another set than the one expected', async () => {
  const lake = await openFixtureLake();
  const warehouse = createDuckDbWarehouse({ file });
  const load = async (expected?: { total: number; content_hash: string; by_type: Record<string, number> }) =>
    warehouse.loadWindow(
      { window: WINDOWS[0], lake: await lake.at(WINDOWS[0]), key: 'run', ...(expected ? { expected } : {}) },
      quiet,
    );
  const { rows, content_hash, by_type } = await load();
  expect(await load({ total: rows.events, content_hash, by_type })).not.toHaveProperty('differences');
  // Here the lake itself is not what was expected: the load has lost nothing.
  expect(await load({ total: rows.events + 1, content_hash, by_type })).toMatchObject({ differences: [] });
  lake.close();
});
