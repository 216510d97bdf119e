import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { attachWarehouse, withDuckDb, withFileToOurselves } from '../../../clients/duckdb-file.ts';
import { createDuckDbWarehouse } from '../../../clients/duckdb-warehouse.ts';
import type { CutOffBuild } from '../../../clients/mart-state.ts';
import { type LoadedWindow, MARTS, type Warehouse } from '../../../clients/warehouse.ts';
import type { WindowId } from '../../../contracts/window.ts';
import { EVENTS_PER_WINDOW, type FixtureLake, openFixtureLake, WINDOWS } from '../../parity/fixture-lake.ts';

const [FIRST, SECOND] = WINDOWS;
const quiet = { signal: new AbortController().signal, note: () => undefined };
let folder: string;
let file: string;
let lake: FixtureLake;
let warehouse: Warehouse;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reprise-warehouse-'));
  file = join(folder, 'warehouse.duckdb');
  lake = await openFixtureLake();
  warehouse = createDuckDbWarehouse({ file });
});

afterEach(async () => {
  lake.close();
  await rm(folder, { recursive: true, force: true });
});

async function load(window: WindowId, where?: string): Promise<LoadedWindow> {
  return warehouse.loadWindow({ window, lake: await lake.at(window, where), key: 'run' }, quiet);
}

async function inWarehouse<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  return withDuckDb(file, work);
}

describe('a load', () => {
  test('holds the window, and the same window when it is loaded again', async () => {
    const first = await load(FIRST);
    expect(first.rows.events).toBe(EVENTS_PER_WINDOW);
    expect(first.content_hash).toMatch(/^[0-9a-f]{16}$/);
    expect(Object.keys(first.by_type)).toContain('track_played');
    expect(Object.values(first.by_type).reduce((sum, rows) => sum + rows, 0)).toBe(first.rows.events);
    const second = await load(SECOND);
    expect(second.content_hash).not.toBe(first.content_hash);
    const { rows: again, content_hash: hash } = await load(FIRST);
    expect({ rows: again, content_hash: hash }).toEqual({
      rows: first.rows,
      content_hash: first.content_hash,
    });
    const rows = await inWarehouse(async (connection) =>
      (await connection.runAndReadAll('SELECT count(*) FROM lake.events')).getRows(),
    );
    expect(Number(rows[0]?.[0])).toBe(first.rows.events + second.rows.events);
  });

  test('names the days of late events and of the same events elsewhere', async () => {
    await load(FIRST);
    // The fixture's first window repeats nothing; its late events reach two days back.
    expect((await load(SECOND)).affected_dates).toEqual(['2026-01-04', '2026-01-05', '2026-01-07']);
    expect((await load(FIRST)).affected_dates).toContain('2026-01-07');
  });

  test('still names the days of events that the window no longer holds', async () => {
    const whole = await load(FIRST);
    expect(whole.affected_dates).toEqual(['2026-01-04', '2026-01-05']);
    const cut = await load(FIRST, "occurred_at >= TIMESTAMPTZ '2026-01-05T00:00:00Z'");
    expect(cut.rows.events).toBeLessThan(whole.rows.events);
    expect(cut.affected_dates).toEqual(whole.affected_dates);
  });

  test('empties a window that has become empty', async () => {
    await load(FIRST);
    const empty = await load(FIRST, 'false');
    expect(empty).toMatchObject({ rows: { events: 0 }, by_type: {}, content_hash: '0000000000000000' });
  });

  test('adds the columns that the contracts have gained', async () => {
    await load(FIRST);
    await inWarehouse((connection) => connection.run('ALTER TABLE lake.events DROP COLUMN genre'));
    expect((await load(SECOND)).rows.events).toBeGreaterThan(0);
  });

  test('leaves what was there when it breaks half way', async () => {
    const before = await load(FIRST);
    const connection = await lake.at(FIRST);
    await connection.run('CREATE OR REPLACE VIEW minute_counts AS SELECT 1 AS window_start');
    const broken = warehouse.loadWindow({ window: FIRST, lake: connection, key: 'run' }, quiet);
    await expect(broken).rejects.toMatchObject({ name: 'ClientError' });
    expect(await load(FIRST)).toEqual(before);
  });
});

describe('the marts', () => {
  async function states(values: readonly string[]): Promise<void> {
    await inWarehouse(async (connection) => {
      await connection.run('CREATE SCHEMA IF NOT EXISTS lake');
      if (values.length === 0) return;
      const rows = values.map((value, hour) => `(TIMESTAMP '2026-01-05 0${hour}:00:00', '${value}')`);
      await connection.run('CREATE TABLE lake.mart_state (window_start TIMESTAMP, state VARCHAR)');
      await connection.run(`INSERT INTO lake.mart_state VALUES ${rows.join(', ')}`);
    });
  }

  // The build of another window does not vouch for the days of one that failed.
  test.each([
    [['failed', 'audited'], 'DataQualityFailed', /failed their tests .* 2026-01-05T00:00Z;/],
    [['audited', 'building'], 'Unavailable', /being built for 2026-01-05T01:00Z/],
    [[], 'ResourceMissing', /not been built yet/],
  ])('are not published when the builds are %j', async (values, code, message) => {
    await states(values);
    const copying = withDuckDb(':memory:', (target) => warehouse.copyMarts(target, quiet));
    await expect(copying).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
  });
});

describe('a writer of the marts', () => {
  const cutOff = (): Promise<readonly CutOffBuild[]> =>
    warehouse.withMartsToOurselves(quiet, async (builds) => builds);

  test('learns which builds were cut off, and their days', async () => {
    await load(SECOND);
    expect(await cutOff()).toEqual([]);
    await inWarehouse(async (connection) => {
      await connection.run('CREATE TABLE lake.mart_state (window_start TIMESTAMP, state VARCHAR)');
      await connection.run(`INSERT INTO lake.mart_state VALUES
        (TIMESTAMP '2026-01-05 21:00:00', 'building'), (TIMESTAMP '2026-01-05 23:00:00', 'building'),
        (TIMESTAMP '2026-01-05 19:00:00', 'failed'), (TIMESTAMP '2026-01-05 20:00:00', 'audited'),
        -- By hand, for no window.
        (TIMESTAMP '1970-01-01 00:00:00', 'building')`);
    });
    expect(await cutOff()).toEqual([
      { window: '2026-01-05T21:00Z', days: [] },
      { window: SECOND, days: ['2026-01-04', '2026-01-05', '2026-01-07'] },
    ]);
  });

  test('has the file free for dbt while it works', async () => {
    await load(FIRST);
    const free = warehouse.withMartsToOurselves(quiet, async () => {
      await inWarehouse((connection) => connection.run('SELECT 1'));
      return true;
    });
    expect(await free).toBe(true);
  });
});

test('a copy of the marts says how many rows the warehouse has of each', async () => {
  await inWarehouse(async (connection) => {
    await connection.run('CREATE SCHEMA lake; CREATE SCHEMA marts');
    await connection.run(
      "CREATE TABLE lake.mart_state AS SELECT TIMESTAMP '2026-01-05 08:00:00' AS window_start, 'audited' AS state",
    );
    for (const [index, mart] of MARTS.entries())
      await connection.run(`CREATE TABLE marts.${mart} AS SELECT *, DATE '2026-01-05' AS activity_date,
        TIMESTAMP '2026-01-05 08:00:00' AS activity_hour, DATE '2026-01-05' AS session_date FROM range(${index})`);
  });
  const rows = await withDuckDb(':memory:', (target) => warehouse.copyMarts(target, quiet));
  expect(MARTS.map((mart) => rows[mart].rows)).toEqual(MARTS.map((_, index) => index));
  expect(new Set(MARTS.map((mart) => rows[mart].content_hash)).size).toBe(MARTS.length);
});

describe('the file', { timeout: 60_000 }, () => {
  const HOLDER = `
    import { DuckDBInstance } from '@duckdb/node-api';
    const instance = await DuckDBInstance.create(process.argv[1]);
    const connection = await instance.connect();
    await connection.run('CREATE TABLE held (one INT)');
    console.log('held');
    setTimeout(() => { connection.closeSync(); instance.closeSync(); }, Number(process.argv[2]));
  `;

  /** Returned in an object: a promise for a subprocess would be awaited to its end. */
  async function heldFor(ms: number) {
    const holder = execa(process.execPath, ['--input-type=module', '-e', HOLDER, file, String(ms)]);
    await once(holder.stdout, 'data');
    return { holder };
  }

  test('is waited for while another process holds it', async () => {
    const { holder } = await heldFor(1_500);
    let waited = 0;
    const progress = { ...quiet, note: () => (waited += 1) };
    await withDuckDb(':memory:', async (connection) => {
      await attachWarehouse(connection, file, 'READ_WRITE', progress);
      await connection.run('DETACH warehouse');
    });
    expect(waited).toBeGreaterThan(0);
    await holder;
  });

  test('is reported as unavailable when it is not given up', async () => {
    const { holder } = await heldFor(60_000);
    const attaching = withDuckDb(':memory:', (connection) =>
      attachWarehouse(connection, file, 'READ_WRITE', quiet, 300),
    );
    await expect(attaching).rejects.toMatchObject({ code: 'Unavailable', retryable: true });
    holder.kill('SIGKILL');
    await holder.catch(() => undefined);
  });

  test('has one user in this process at a time, in order, and a cancelled one gives up its place', async () => {
    const order: string[] = [];
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const first = withFileToOurselves(file, quiet, async () => {
      await held;
      order.push('first');
    });
    const cancel = new AbortController();
    const second = withFileToOurselves(file, { ...quiet, signal: cancel.signal }, async () => {
      order.push('second');
    });
    const third = withFileToOurselves(file, quiet, async () => {
      order.push('third');
    });
    cancel.abort(new Error('cancelled'));
    await expect(second).rejects.toThrow('cancelled');
    release();
    await Promise.all([first, third]);
    expect(order).toEqual(['first', 'third']);
  });
});
