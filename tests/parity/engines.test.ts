import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MockActivityEnvironment } from '@temporalio/testing';
import { buildWindow } from '../../activities/build.ts';
import { createBigQueryWarehouse } from '../../clients/bigquery-warehouse.ts';
import { connectBigQuery } from '../../clients/bigquery.ts';
import { createDbt, type Dbt } from '../../clients/dbt.ts';
import { createDuckDbWarehouse } from '../../clients/duckdb-warehouse.ts';
import { createServingStore, type ServingStore } from '../../clients/serving-store.ts';
import { type LoadedWindow, type Mart, MARTS, type Warehouse } from '../../clients/warehouse.ts';
import { withDuckDb } from '../../clients/duckdb-file.ts';
import { type Config, loadConfig } from '../../config/config.ts';
import { inheritedEnvironment } from '../../config/inherited.ts';
import { venvProgram } from '../../config/paths.ts';
import type { WindowId } from '../../contracts/window.ts';
import { findPortBase } from '../runner/isolation.ts';
import { runActivity } from '../unit/activities/run-activity.ts';
import { type Emulator, startEmulator } from './emulator.ts';
import { EVENTS_PER_WINDOW, type FixtureLake, openFixtureLake, WINDOWS } from './fixture-lake.ts';
import { type MartRows, readMarts } from './marts.ts';

const quiet = { signal: new AbortController().signal, note: () => undefined };
const [FIRST, SECOND, THIRD] = WINDOWS;

const INSTANCE = 'test-engines';

const isMart = (node: unknown): boolean => MARTS.some((mart) => mart === node);

/** One engine with what stands around it, as the warehouse's worker puts it together. */
class Engine {
  readonly warehouse: Warehouse;
  readonly serving: ServingStore;
  readonly #config: Config;
  readonly #dbt: Dbt;
  readonly #lake: FixtureLake;

  /** Asks the warehouse itself, as somebody with a console does. */
  readonly ask: (sql: (table: string) => string) => Promise<unknown>;

  constructor(
    warehouse: Warehouse,
    { paths, ...rest }: Config,
    lake: FixtureLake,
    ask: (sql: (table: string) => string) => Promise<unknown>,
  ) {
    this.ask = ask;
    const serving = join(paths.serving, warehouse.kind);
    this.warehouse = warehouse;
    this.#config = { ...rest, paths: { ...paths, serving } };
    this.serving = createServingStore({ folder: serving, keep: 2 });
    this.#lake = lake;
    this.#dbt = createDbt({
      program: venvProgram(paths, 'dbt', 'dbt'),
      project: join(paths.repository, 'dbt'),
      state: join(paths.data, 'dbt', warehouse.kind),
      inherited: inheritedEnvironment(paths),
    });
  }

  marts(): ReturnType<typeof readMarts> {
    return readMarts(this.#config);
  }

  /** Name, type and description of every column, and description of every table, in the current snapshot. */
  async shape(): Promise<string[]> {
    const pointer = await this.serving.current();
    return withDuckDb(join(this.#config.paths.serving, pointer?.file ?? ''), async (connection) => {
      const reader = await connection.runAndReadAll(`
        SELECT table_name, column_name, data_type, comment FROM duckdb_columns() WHERE schema_name = 'main'
        UNION ALL SELECT table_name, NULL, NULL, comment FROM duckdb_tables() ORDER BY ALL`);
      return reader.getRowObjectsJson().map((row) => JSON.stringify(row));
    });
  }

  async load(window: WindowId, key: string, where?: string): Promise<LoadedWindow> {
    return this.warehouse.loadWindow({ window, lake: await this.#lake.at(window, where), key }, quiet);
  }

  /** @param cancelled whether it is cancelled as soon as dbt is at work on a mart */
  async build(window: WindowId, days: string[], key: string, cancelled = false): Promise<void> {
    const environment = new MockActivityEnvironment({
      workflowExecution: { workflowId: window, runId: key },
    });
    // At its first word of a mart, not at a heartbeat: a quick build is over between two of those.
    const interrupted: Dbt = {
      build: (build, { signal, note }) =>
        this.#dbt.build(build, {
          signal,
          note: (details) => {
            note(details);
            if (isMart(details.building)) environment.cancel();
          },
        }),
    };
    const deps = { warehouse: this.warehouse, dbt: cancelled ? interrupted : this.#dbt };
    await runActivity((input) => buildWindow(deps, input), { window, affected_dates: days }, environment);
  }

  async publish(window: WindowId): Promise<void> {
    await this.serving.publish(window, this.warehouse.kind, (target) =>
      this.warehouse.copyMarts(target, quiet),
    );
  }

  /** The three steps of the warehouse, as a window's workflow takes them. */
  async run(window: WindowId, key: string): Promise<LoadedWindow> {
    const loaded = await this.load(window, key);
    await this.build(window, loaded.affected_dates, key);
    await this.publish(window);
    return loaded;
  }
}

describe('DuckDB and BigQuery, given the same lake', () => {
  let config: Config;
  let lake: FixtureLake;
  let emulator: Emulator;
  let duckdb: Engine;
  let bigquery: Engine;
  const loaded: Record<string, Record<string, LoadedWindow>> = { duckdb: {}, bigquery: {} };
  let expected: Record<Mart, MartRows>;

  beforeAll(async () => {
    const base = await findPortBase();
    config = loadConfig({ REPRISE_INSTANCE: INSTANCE, REPRISE_PORT_BASE: String(base) });
    await rm(config.paths.instance, { recursive: true, force: true });
    await mkdir(config.paths.logs, { recursive: true });
    [lake, emulator] = await Promise.all([openFixtureLake(), startEmulator(config)]);
    const remote = loadConfig({
      ...{ REPRISE_INSTANCE: INSTANCE, REPRISE_PORT_BASE: String(base) },
      ...emulator.settings,
    }).warehouse;
    if (remote.kind !== 'bigquery') throw new Error('the emulator is no BigQuery');
    const { warehouseFile: file, scratch } = config.paths;
    duckdb = new Engine(createDuckDbWarehouse({ file }), config, lake, (sql) =>
      withDuckDb(file, (connection) => connection.run(sql('marts.daily_track_charts'))),
    );
    const { project, dataset } = remote;
    bigquery = new Engine(createBigQueryWarehouse({ ...remote, scratch }), config, lake, (sql) =>
      connectBigQuery(remote).query(sql(`\`${project}.${dataset}_marts.daily_track_charts\``)),
    );
  });

  afterAll(async () => {
    lake?.close();
    await emulator?.stop();
  });

  // Opposite orders, so that the comparison below is also one of orders.
  test('build every window on DuckDB, oldest first', { timeout: 900_000 }, async () => {
    for (const window of [FIRST, SECOND, THIRD]) {
      loaded.duckdb = { ...loaded.duckdb, [window]: await duckdb.run(window, 'run 1') };
    }
    expected = await duckdb.marts();
    expect((await duckdb.serving.current())?.window).toBe(THIRD);
  });

  test('build every window on BigQuery, in another order', { timeout: 900_000 }, async () => {
    // The last one leaves a day alone that the one before it replaced.
    for (const window of [SECOND, THIRD, FIRST]) {
      loaded.bigquery = { ...loaded.bigquery, [window]: await bigquery.run(window, 'run 1') };
    }
    expect((await bigquery.serving.current())?.window).toBe(FIRST);
    expect(loaded.bigquery?.[THIRD]?.affected_dates).toContain('2026-01-06');
    expect(loaded.bigquery?.[FIRST]?.affected_dates).not.toContain('2026-01-06');
  });

  test('hold the same rows of each window', () => {
    for (const window of WINDOWS) {
      const [one, other] = [loaded.duckdb?.[window], loaded.bigquery?.[window]];
      expect(one?.rows.events).toBeGreaterThanOrEqual(EVENTS_PER_WINDOW);
      expect(other?.rows).toEqual(one?.rows);
      expect(other?.by_type).toEqual(one?.by_type);
      expect(other?.content_hash).toBe(one?.content_hash);
      // Every column of every row; nobody has told that a row is not the lake's.
      expect(other?.contents).toEqual(one?.contents);
      expect([one?.unlike_lake, other?.unlike_lake]).toEqual([undefined, undefined]);
    }
  });

  test('serve the same marts, row by row', async () => {
    const found = await bigquery.marts();
    for (const mart of MARTS) {
      expect(expected[mart].rows.length, mart).toBeGreaterThan(3);
      expect(found[mart], mart).toEqual(expected[mart]);
    }
  });

  test('serve the same columns with the same descriptions', async () => {
    const shape = await duckdb.shape();
    expect(shape.length).toBeGreaterThan(50);
    expect(await bigquery.shape()).toEqual(shape);
  });

  test('count each event once, however many windows hold it', () => {
    const { columns, rows } = expected.hourly_activity;
    const at = columns.indexOf('playbacks');
    const playbacks = rows.reduce((sum, row) => sum + Number((JSON.parse(row) as unknown[])[at]), 0);
    // Four of every six events are playbacks.
    expect(playbacks).toBe((WINDOWS.length * EVENTS_PER_WINDOW * 4) / 6);
  });

  test('change nothing when a window is run again', async () => {
    const again = await duckdb.run(FIRST, 'run 2');
    expect(again.content_hash).toBe(loaded.duckdb?.[FIRST]?.content_hash);
    expect(await duckdb.marts()).toEqual(expected);
  });

  test.each(['duckdb', 'bigquery'] as const)(
    'finish in the next build what a cancelled one left, on %s',
    { timeout: 900_000 },
    async (kind) => {
      const engine = kind === 'duckdb' ? duckdb : bigquery;
      const half = await engine.load(THIRD, 'half', 'kafka_partition < 2');
      await engine.build(THIRD, half.affected_dates, 'half');
      const whole = await engine.load(THIRD, 'whole');
      const cancelled = engine.build(THIRD, whole.affected_dates, 'whole', true);
      await expect(cancelled).rejects.toMatchObject({ name: 'CancelledFailure' });
      await expect(engine.publish(THIRD)).rejects.toMatchObject({ code: 'Unavailable' });

      // It has no event of the day that was left half built.
      expect((await engine.run(FIRST, 'next')).affected_dates).not.toContain('2026-01-06');
      expect(await engine.marts()).toEqual(expected);
      await engine.run(THIRD, 'once more');
      expect(await engine.marts()).toEqual(expected);
    },
  );

  test.each(['duckdb', 'bigquery'] as const)(
    'refuse to publish marts that were changed since they were audited, on %s',
    { timeout: 900_000 },
    async (kind) => {
      const engine = kind === 'duckdb' ? duckdb : bigquery;
      await engine.warehouse.recordMarts([], quiet);
      await engine.publish(FIRST);
      await engine.ask(
        (mart) => `UPDATE ${mart} SET playbacks = playbacks + 1 WHERE activity_date = DATE '2026-01-05'`,
      );
      await expect(engine.publish(FIRST)).rejects.toMatchObject({
        code: 'DataQualityFailed',
        message: expect.stringContaining('daily_track_charts of 2026-01-05 held') as string,
      });
      await engine.run(FIRST, 'mended');
      expect(await engine.marts()).toEqual(expected);
    },
  );

  test('load a window once for all attempts of a run, and again for another run', async () => {
    const before = loaded.bigquery?.[SECOND];
    expect((await bigquery.load(SECOND, 'run 1')).content_hash).toBe(before?.content_hash);
    const after = await bigquery.load(SECOND, 'run 2');
    expect(after.rows).toEqual(before?.rows);
    expect(after.content_hash).toBe(before?.content_hash);
  });
});
