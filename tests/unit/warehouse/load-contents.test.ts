import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadWindow } from '../../../activities/load.ts';
import { withDuckDb } from '../../../clients/duckdb-file.ts';
import { createDuckDbWarehouse } from '../../../clients/duckdb-warehouse.ts';
import type { LakeReader } from '../../../clients/lake-reader.ts';
import { unlikeLake } from '../../../clients/load-contents.ts';
import type { LoadedWindow, Warehouse } from '../../../clients/warehouse.ts';
import type { LakeVersions } from '../../../contracts/steps.ts';
import { type FixtureLake, openFixtureLake, WINDOWS } from '../../parity/fixture-lake.ts';
import { runActivity } from '../activities/run-activity.ts';

const quiet = { signal: new AbortController().signal, note: () => undefined };
const [window] = WINDOWS;
let folder: string;
let file: string;
let lake: FixtureLake;
let warehouse: Warehouse;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reprise-contents-'));
  file = join(folder, 'warehouse.duckdb');
  lake = await openFixtureLake();
  warehouse = createDuckDbWarehouse({ file });
});
afterEach(async () => {
  lake.close();
  await rm(folder, { recursive: true, force: true });
});

const load = async (): Promise<LoadedWindow> =>
  warehouse.loadWindow({ window, lake: await lake.at(window), key: 'run' }, quiet);
const differences = async (): Promise<string[]> =>
  (await unlikeLake(await warehouse.loadedWindow(window, quiet), await lake.at(window))).unlike_lake ?? [];

test('what is loaded has every value of the lake, and none once it is gone', async () => {
  expect((await load()).unlike_lake).toBeUndefined();
  expect(await differences()).toEqual([]);
  await rm(file);
  expect((await differences()).map((sentence) => sentence.split(' ')[0])).toEqual([
    ...['events', 'quarantine', 'minute_counts'],
  ]);
});

test.each([
  [
    'events',
    "UPDATE lake.events SET country = 'XX' WHERE event_id = (SELECT min(event_id) FROM lake.events)",
  ],
  ['events', 'UPDATE lake.events SET occurred_at = occurred_at + INTERVAL 1 MICROSECOND'],
  ['quarantine', "UPDATE lake.quarantine SET field = 'another'"],
  ['quarantine', 'DELETE FROM lake.quarantine WHERE rowid = 0'],
  ['minute_counts', 'INSERT INTO lake.minute_counts SELECT * FROM lake.minute_counts LIMIT 1'],
])('a change of %s is one that is told', async (table, sql) => {
  await load();
  await withDuckDb(file, (connection) => connection.run(sql));
  expect(await differences()).toEqual([
    expect.stringMatching(new RegExp(`^${table} in the warehouse holds`)),
  ]);
});

test('a load that leaves other rows than the lake has stops the window, at the warehouse', async () => {
  const sentence =
    'quarantine in the warehouse holds 3 rows (00000000000000aa), the lake 4 (00000000000000ab).';
  const reader: LakeReader = {
    open: async () => ({ connection: await lake.at(window), close: () => undefined }) as never,
  };
  const faulty: Warehouse = {
    ...warehouse,
    loadWindow: async () => ({ ...(await load()), unlike_lake: [sentence] }),
  };
  const loading = runActivity((input) => loadWindow({ lake: reader, warehouse: faulty }, input), {
    ...{ window, tables: {} as LakeVersions },
  });
  await expect(loading).rejects.toMatchObject({
    ...{ code: 'DataQualityFailed', message: sentence },
    details: {
      hops: [expect.objectContaining({ hop: 'warehouse', matches: false, differences: [sentence] })],
    },
  });
});
