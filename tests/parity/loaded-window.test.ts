import { mkdir, rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { goneFromWarehouse } from '../../activities/kept-warehouse.ts';
import { createBigQueryWarehouse } from '../../clients/bigquery-warehouse.ts';
import { createDuckDbWarehouse } from '../../clients/duckdb-warehouse.ts';
import type { LoadedWindow, Warehouse } from '../../clients/warehouse.ts';
import { type Config, loadConfig } from '../../config/config.ts';
import { findPortBase } from '../runner/isolation.ts';
import { type Emulator, startEmulator } from './emulator.ts';
import { type FixtureLake, openFixtureLake, WINDOWS } from './fixture-lake.ts';

const quiet = { signal: new AbortController().signal, note: () => undefined };
const [window, OTHER, NEVER] = WINDOWS;
const INSTANCE = 'test-loaded-window';

/** What a replay behind the load goes by: the warehouse's own word on what it holds of a window now. */
describe.each(['duckdb', 'bigquery'] as const)('a window in %s', (kind) => {
  let config: Config;
  let lake: FixtureLake;
  let emulator: Emulator | undefined;
  let warehouse: Warehouse;

  beforeAll(async () => {
    const base = { REPRISE_INSTANCE: INSTANCE, REPRISE_PORT_BASE: String(await findPortBase()) };
    config = loadConfig(base);
    await rm(config.paths.instance, { recursive: true, force: true });
    await mkdir(config.paths.logs, { recursive: true });
    lake = await openFixtureLake();
    if (kind === 'duckdb') {
      warehouse = createDuckDbWarehouse({ file: config.paths.warehouseFile });
      return;
    }
    emulator = await startEmulator(config);
    const remote = loadConfig({ ...base, ...emulator.settings }).warehouse;
    if (remote.kind !== 'bigquery') throw new Error('the emulator is no BigQuery');
    warehouse = createBigQueryWarehouse({ ...remote, scratch: config.paths.scratch });
  });

  afterAll(async () => {
    lake?.close();
    await emulator?.stop();
    await rm(config.paths.instance, { recursive: true, force: true });
  });

  const load = async (of: string, key: string, where?: string): Promise<LoadedWindow> =>
    warehouse.loadWindow({ window: of, lake: await lake.at(of, where), key }, quiet);

  test('is nothing before the warehouse knows of any', async () => {
    expect(await warehouse.loadedWindow(window, quiet)).toMatchObject({
      ...{ rows: { events: 0, quarantine: 0, minute_counts: 0 }, by_type: {}, affected_dates: [] },
      content_hash: '0000000000000000',
    });
  });

  test('is what its load found, and gone when its rows are', async () => {
    const loaded = await load(window, 'run 1');
    await load(OTHER, 'run 1');
    const gone = () => goneFromWarehouse(warehouse, { window, load: loaded }, quiet);
    expect(await warehouse.loadedWindow(window, quiet)).toMatchObject({
      ...{ rows: loaded.rows, by_type: loaded.by_type, content_hash: loaded.content_hash },
    });
    expect(await gone()).toBeUndefined();
    expect((await warehouse.loadedWindow(NEVER, quiet)).rows.events).toBe(0);
    await load(window, 'run 2', 'false');
    expect(await gone()).toMatchObject({ step: 'load' });
    await load(window, 'run 3', 'kafka_partition < 2');
    expect(await gone()).toMatchObject({
      step: 'load',
      why: expect.stringContaining('are missing') as string,
    });
    await load(window, 'run 4');
    expect(await gone()).toBeUndefined();
  });
});
