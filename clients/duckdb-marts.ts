import type { DuckDBConnection } from '@duckdb/node-api';
import type { MartRows } from '../contracts/hops.ts';
import { WAREHOUSE_SOURCE_SCHEMA } from '../contracts/lake.ts';
import { DUCKDB, duckDbColumns } from './mart-content.ts';
import {
  assertAsAudited,
  MART_CONTENT_TABLE,
  type MartDay,
  martDays,
  type RecordedMarts,
  recordedDays,
  wholeMart,
} from './mart-record.ts';
import {
  assertAudited,
  type CutOffBuild,
  cutOffBuilds,
  type MartState,
  openBuildsSql,
} from './mart-state.ts';
import {
  MART_STATE_TABLE,
  MARTS,
  type Mart,
  type Progress,
  quoteText,
  WINDOW_DATES_TABLE,
} from './warehouse.ts';

/** Of the attached warehouse. */
export const SCHEMA = `warehouse.${WAREHOUSE_SOURCE_SCHEMA}`;
export const DATES = `${SCHEMA}.${WINDOW_DATES_TABLE}`;
const MART_STATES = `${SCHEMA}.${MART_STATE_TABLE}`;

export function recordedMarts(session: DuckDBConnection): RecordedMarts {
  return {
    dialect: DUCKDB,
    record: `${SCHEMA}.${MART_CONTENT_TABLE}`,
    mart: (mart) => `warehouse.marts.${mart}`,
    columns: (mart) => duckDbColumns(session, "'warehouse'", 'marts', mart),
    query: async (sql) => (await session.runAndReadAll(sql)).getRowObjectsJson(),
  };
}

/** @throws ClientError unless every build passed its tests and nobody has changed the marts since */
export async function copyMarts(
  target: DuckDBConnection,
  progress: Progress,
): Promise<Record<Mart, MartRows>> {
  assertAudited(await martStates(target));
  const marts = recordedMarts(target);
  const found: MartDay[] = [];
  const rows = {} as Record<Mart, MartRows>;
  for (const mart of MARTS) {
    progress.note({ publishing: mart });
    await target.run(`CREATE TABLE main.${mart} AS SELECT * FROM warehouse.marts.${mart}`);
    const days = await martDays(marts, mart);
    rows[mart] = wholeMart(days);
    found.push(...days);
  }
  if ((await tablesThere(target)).has(MART_CONTENT_TABLE)) assertAsAudited(await recordedDays(marts), found);
  await copyDescriptions(target);
  return rows;
}

export async function readCutOffBuilds(connection: DuckDBConnection): Promise<CutOffBuild[]> {
  if (!(await tablesThere(connection)).has(MART_STATE_TABLE)) return [];
  const open = openBuildsSql(
    { states: MART_STATES, dates: DATES },
    "strftime(state.window_start, '%Y-%m-%dT%H:%MZ')",
  );
  return cutOffBuilds((await connection.runAndReadAll(open)).getRowObjectsJson());
}

/** Of those that are loaded or kept beside them, the ones that there are. */
export async function tablesThere(connection: DuckDBConnection): Promise<Set<string>> {
  const there = await connection.runAndReadAll(`SELECT table_name FROM duckdb_tables()
    WHERE database_name = 'warehouse' AND schema_name = ${quoteText(WAREHOUSE_SOURCE_SCHEMA)}`);
  return new Set(there.getRows().map(([name]) => String(name)));
}

async function martStates(connection: DuckDBConnection): Promise<MartState[]> {
  if (!(await tablesThere(connection)).has(MART_STATE_TABLE)) return [];
  const states = await connection.runAndReadAll(
    `SELECT strftime(window_start, '%Y-%m-%dT%H:%MZ') AS window_start, state FROM ${MART_STATES}`,
  );
  return states.getRowObjectsJson() as unknown as MartState[];
}

async function copyDescriptions(target: DuckDBConnection): Promise<void> {
  const described = await target.runAndReadAll(`
    SELECT 'TABLE main.' || table_name AS object, comment FROM duckdb_tables()
    WHERE database_name = 'warehouse' AND schema_name = 'marts' AND comment IS NOT NULL
    UNION ALL
    SELECT 'COLUMN main.' || table_name || '."' || column_name || '"', comment FROM duckdb_columns()
    WHERE database_name = 'warehouse' AND schema_name = 'marts' AND comment IS NOT NULL`);
  for (const [object, comment] of described.getRows()) {
    const [, table = ''] = /main\.(\w+)/.exec(String(object)) ?? [];
    if (!(MARTS as readonly string[]).includes(table)) continue;
    await target.run(`COMMENT ON ${String(object)} IS ${quoteText(String(comment))}`);
  }
}
