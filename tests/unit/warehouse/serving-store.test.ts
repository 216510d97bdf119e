import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withDuckDb } from '../../../clients/duckdb-file.ts';
import { duckDbMartRows } from '../../../clients/mart-content.ts';
import { createServingStore, type ServingStore } from '../../../clients/serving-store.ts';
import { MARTS, type Mart } from '../../../clients/warehouse.ts';
import type { MartRows } from '../../../contracts/hops.ts';
import { ServingPointer } from '../../../contracts/report.ts';

const WINDOW = '2026-01-05T08:00Z';
let folder: string;
let store: ServingStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reprise-serving-'));
  store = createServingStore({ folder, keep: 2 });
});

afterEach(() => rm(folder, { recursive: true, force: true }));

function fillWith(rows: number) {
  return async (target: DuckDBConnection): Promise<Record<Mart, MartRows>> => {
    for (const mart of MARTS) await target.run(`CREATE TABLE ${mart} AS SELECT * FROM range(${rows})`);
    const content = await duckDbMartRows(target, 'current_database()', 'main', MARTS[0]);
    return Object.fromEntries(MARTS.map((mart) => [mart, content])) as Record<Mart, MartRows>;
  };
}

const pointer = async (): Promise<ServingPointer> =>
  ServingPointer.parse(JSON.parse(await readFile(join(folder, 'current.json'), 'utf8')));

test('points to a snapshot that says which one it is', async () => {
  expect(await store.current()).toBeUndefined();
  const published = await store.publish(WINDOW, 'duckdb', fillWith(3));
  expect(published).toMatchObject({ marts: { sessions: 3 }, warehouse_marts: { sessions: 3 } });
  expect(published.bytes).toBeGreaterThan(0);
  expect(await pointer()).toMatchObject({ version: published.version, file: published.file, window: WINDOW });
  const [info] = await withDuckDb(join(folder, published.file), async (connection) =>
    (await connection.runAndReadAll('SELECT * FROM snapshot_info')).getRowObjectsJson(),
  );
  expect(info).toMatchObject({ version: published.version, window: WINDOW, warehouse: 'duckdb' });
});

test('keeps the last snapshots and removes older ones', async () => {
  const versions: string[] = [];
  for (const rows of [1, 2, 3]) versions.push((await store.publish(WINDOW, 'duckdb', fillWith(rows))).file);
  expect((await readdir(folder)).sort()).toEqual(['current.json', ...versions.slice(1)].sort());
  expect((await pointer()).file).toBe(versions[2]);
});

test('leaves readers where they are when a snapshot cannot be finished', async () => {
  const { version } = await store.publish(WINDOW, 'duckdb', fillWith(1));
  const broken = store.publish(WINDOW, 'duckdb', async (target) => {
    await target.run('CREATE TABLE sessions AS SELECT 1');
    throw new Error('the machine is on fire');
  });
  await expect(broken).rejects.toThrow('the machine is on fire');
  expect((await pointer()).version).toBe(version);
  expect((await readdir(folder)).length).toBe(2);
});

test('does not point readers to a snapshot that lacks rows of the warehouse', async () => {
  const { version } = await store.publish(WINDOW, 'duckdb', fillWith(3));
  const lacking = store.publish(WINDOW, 'duckdb', async (target) => {
    const source = await fillWith(3)(target);
    await target.run('DELETE FROM sessions WHERE range = 0');
    return source;
  });
  await expect(lacking).rejects.toMatchObject({
    code: 'DataQualityFailed',
    message: expect.stringContaining('serving holds 2 records of sessions, the warehouse holds 3.') as string,
    details: { hops: [{ hop: 'serving', matches: false, observed: { total: 14, by: { sessions: 2 } } }] },
  });
  expect((await pointer()).version).toBe(version);
  expect((await readdir(folder)).length).toBe(2);
});

test('does not point readers to a snapshot with other rows than the warehouse has, as many as they are', async () => {
  const { version } = await store.publish(WINDOW, 'duckdb', fillWith(3));
  const altered = store.publish(WINDOW, 'duckdb', async (target) => {
    const source = await fillWith(3)(target);
    await target.run('UPDATE listeners SET range = 7 WHERE range = 0');
    return source;
  });
  await expect(altered).rejects.toMatchObject({
    code: 'DataQualityFailed',
    message: expect.stringContaining('the rows of listeners are not the same.') as string,
    details: { hops: [{ hop: 'serving', matches: false }] },
  });
  // A row that stands twice in the place of another.
  const doubled = store.publish(WINDOW, 'duckdb', async (target) => {
    const source = await fillWith(3)(target);
    await target.run('UPDATE sessions SET range = 1 WHERE range = 0');
    return source;
  });
  await expect(doubled).rejects.toMatchObject({ code: 'DataQualityFailed' });
  expect((await pointer()).version).toBe(version);
});
