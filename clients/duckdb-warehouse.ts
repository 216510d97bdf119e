import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { formatContentHash } from '../contracts/content-hash.ts';
import { WAREHOUSE_SOURCE_SCHEMA } from '../contracts/lake.ts';
import { WAREHOUSE_TABLES, type WarehouseTable } from '../contracts/tables.ts';
import { windowBounds, type WindowId } from '../contracts/window.ts';
import { attachWarehouse, duckDbError, withDuckDb, withFileToOurselves } from './duckdb-file.ts';
import { copyMarts, DATES, readCutOffBuilds, recordedMarts, SCHEMA, tablesThere } from './duckdb-marts.ts';
import { tableContents, unlikeLake } from './load-contents.ts';
import { LOADED_EVENTS, loadDifferences } from './load-differences.ts';
import { type AuditedTables, auditMarts } from './mart-audit.ts';
import { DUCKDB, duckDbColumns } from './mart-content.ts';
import { recordMarts } from './mart-record.ts';
import {
  isAsExpected,
  lakeSelection,
  type LoadedWindow,
  nothingLoaded,
  perWarehouseTable,
  type Progress,
  quoteText,
  rememberDatesSql,
  type Warehouse,
  WAREHOUSE_COLUMNS,
  type WindowLoad,
  WINDOW_DATES_TABLE,
} from './warehouse.ts';

/** The embedded warehouse: one file, one writer at a time. */
export function createDuckDbWarehouse(settings: { file: string }): Warehouse {
  const { file } = settings;
  return {
    kind: 'duckdb',
    loadWindow: ({ window, lake, expected }, progress) =>
      withFileToOurselves(file, progress, async () => {
        await mkdir(dirname(file), { recursive: true });
        return attached(lake, file, 'READ_WRITE', progress, () => load(lake, window, expected, progress));
      }),
    loadedWindow: (window, progress) =>
      withFileToOurselves(file, progress, async () =>
        existsSync(file)
          ? withDuckDb(':memory:', (session) =>
              attached(session, file, 'READ_ONLY', progress, async () =>
                (await hasTables(session)) ? loaded(session, startOf(window)) : nothingLoaded(),
              ),
            )
          : nothingLoaded(),
      ),
    dbtEnvironment: () => ({ WAREHOUSE: 'duckdb', REPRISE_WAREHOUSE_FILE: file }),
    withMartsToOurselves: (progress, work) =>
      withFileToOurselves(file, progress, async () =>
        // dbt holds the file for as long as it builds: who can read it here is alone.
        work(
          await withDuckDb(':memory:', (session) =>
            attached(session, file, 'READ_ONLY', progress, () => readCutOffBuilds(session)),
          ),
        ),
      ),
    auditMarts: (window, dates, progress) =>
      withDuckDb(':memory:', (session) =>
        attached(session, file, 'READ_ONLY', progress, () =>
          auditMarts(auditedTables(session, window), dates),
        ),
      ),
    recordMarts: (dates, progress) =>
      withDuckDb(':memory:', (session) =>
        attached(session, file, 'READ_WRITE', progress, () => recordMarts(recordedMarts(session), dates)),
      ),
    copyMarts: (target, progress) =>
      withFileToOurselves(file, progress, () =>
        attached(target, file, 'READ_ONLY', progress, () => copyMarts(target, progress)),
      ),
  };
}

async function attached<T>(
  connection: DuckDBConnection,
  file: string,
  access: 'READ_ONLY' | 'READ_WRITE',
  progress: Progress,
  work: () => Promise<T>,
): Promise<T> {
  await attachWarehouse(connection, file, access, progress);
  try {
    return await work();
  } catch (error) {
    progress.signal.throwIfAborted();
    throw duckDbError('work', error);
  } finally {
    // When this fails too, closing the session gives the file back; the first error is the one to show.
    await connection.run('DETACH warehouse').catch(() => undefined);
  }
}

const startOf = (window: WindowId): string =>
  `TIMESTAMP ${quoteText(windowBounds(window).start.replace('Z', ''))}`;

async function load(
  connection: DuckDBConnection,
  window: WindowId,
  expected: WindowLoad['expected'],
  progress: Progress,
): Promise<LoadedWindow> {
  const windowStart = startOf(window);
  await createTables(connection);
  const remember = rememberDatesSql({ events: `${SCHEMA}.events`, dates: DATES }, windowStart);
  await transaction(connection, async () => {
    await connection.run(remember);
    for (const table of WAREHOUSE_TABLES) {
      progress.note({ loading: table });
      await connection.run(`DELETE FROM ${SCHEMA}.${table} WHERE window_start = ${windowStart}`);
      await connection.run(`INSERT INTO ${SCHEMA}.${table} BY NAME ${lakeSelection(table)}`);
    }
    await connection.run(remember);
  });
  const found = await loaded(connection, windowStart);
  const unlike = await unlikeLake(found, connection);
  if (isAsExpected(found, expected)) return { ...found, ...unlike };
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${LOADED_EVENTS} AS
    SELECT event_id, event_type, record_hash FROM ${SCHEMA}.events WHERE window_start = ${windowStart}`);
  return { ...found, ...unlike, differences: await loadDifferences(connection) };
}

async function transaction(connection: DuckDBConnection, work: () => Promise<void>): Promise<void> {
  await connection.run('BEGIN TRANSACTION');
  try {
    await work();
    await connection.run('COMMIT');
  } catch (error) {
    // A statement that failed may have ended the transaction already; the first error is the one to show.
    await connection.run('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function createTables(connection: DuckDBConnection): Promise<void> {
  await connection.run(`CREATE SCHEMA IF NOT EXISTS ${SCHEMA}`);
  await connection.run(
    `CREATE TABLE IF NOT EXISTS ${DATES} (window_start TIMESTAMP NOT NULL, activity_date DATE NOT NULL)`,
  );
  for (const table of WAREHOUSE_TABLES) {
    const definitions = WAREHOUSE_COLUMNS[table].map(
      ({ name, duckdb, nullable }) => `"${name}" ${duckdb}${nullable ? '' : ' NOT NULL'}`,
    );
    await connection.run(`CREATE TABLE IF NOT EXISTS ${SCHEMA}.${table} (${definitions.join(', ')})`);
    await addNewColumns(connection, table);
  }
}

/** A contract that has grown: windows loaded before have no value for the new column. */
async function addNewColumns(connection: DuckDBConnection, table: WarehouseTable): Promise<void> {
  const reader = await connection.runAndReadAll(`SELECT column_name FROM duckdb_columns()
    WHERE database_name = 'warehouse' AND schema_name = ${quoteText(WAREHOUSE_SOURCE_SCHEMA)}
      AND table_name = ${quoteText(table)}`);
  const known = new Set(reader.getRows().map(([name]) => String(name)));
  for (const { name, duckdb } of WAREHOUSE_COLUMNS[table]) {
    if (!known.has(name))
      await connection.run(`ALTER TABLE ${SCHEMA}.${table} ADD COLUMN "${name}" ${duckdb}`);
  }
}

async function loaded(connection: DuckDBConnection, windowStart: string): Promise<LoadedWindow> {
  const value = async (sql: string): Promise<string[]> =>
    (await connection.runAndReadAll(sql)).getRows().map(([first]) => String(first));
  const counts = perWarehouseTable(() => 0);
  for (const table of WAREHOUSE_TABLES) {
    const [count] = await value(
      `SELECT count(*) FROM ${SCHEMA}.${table} WHERE window_start = ${windowStart}`,
    );
    counts[table] = Number(count);
  }
  const byType = await connection.runAndReadAll(
    `SELECT event_type, count(*) FROM ${SCHEMA}.events WHERE window_start = ${windowStart} GROUP BY ALL ORDER BY ALL`,
  );
  const [sum = '0'] = await value(
    `SELECT coalesce(sum(record_hash::HUGEINT), 0) FROM ${SCHEMA}.events WHERE window_start = ${windowStart}`,
  );
  return {
    rows: counts,
    by_type: Object.fromEntries(byType.getRows().map(([type, count]) => [String(type), Number(count)])),
    content_hash: formatContentHash(BigInt(sum)),
    contents: await tableContents({
      dialect: DUCKDB,
      rows: (table) => `(SELECT * FROM ${SCHEMA}.${table} WHERE window_start = ${windowStart}) AS loaded`,
      query: async (sql) => (await connection.runAndReadAll(sql)).getRowObjectsJson(),
    }),
    affected_dates: await value(
      `SELECT DISTINCT strftime(activity_date, '%Y-%m-%d') AS day FROM ${DATES} WHERE window_start = ${windowStart} ORDER BY day`,
    ),
  };
}

function auditedTables(session: DuckDBConnection, window: WindowId): AuditedTables {
  return {
    windowStart: startOf(window),
    dialect: DUCKDB,
    events: `${SCHEMA}.events`,
    deduplicated: 'warehouse.intermediate.int_events_deduplicated',
    mart: (mart) => `warehouse.marts.${mart}`,
    columns: (mart) => duckDbColumns(session, "'warehouse'", 'marts', mart),
    query: async (sql) => (await session.runAndReadAll(sql)).getRowObjectsJson(),
  };
}

async function hasTables(connection: DuckDBConnection): Promise<boolean> {
  const there = await tablesThere(connection);
  return [...WAREHOUSE_TABLES, WINDOW_DATES_TABLE].every((table) => there.has(table));
}
