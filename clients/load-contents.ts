import { EMPTY_CONTENT_HASH } from '../contracts/content-hash.ts';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { MartRows } from '../contracts/hops.ts';
import { WAREHOUSE_TABLES, type WarehouseTable } from '../contracts/tables.ts';
import { type Dialect, DUCKDB, martContentSql, martRows } from './mart-content.ts';
import { lakeSelection, perWarehouseTable, WAREHOUSE_COLUMNS } from './warehouse.ts';

export type TableContents = Record<WarehouseTable, MartRows>;

/** Where the window's rows of each table are, and how they are asked. */
export interface LoadedTables {
  dialect: Dialect;
  /** A table expression: the window's rows. */
  rows(table: WarehouseTable): string;
  query(sql: string): Promise<Record<string, unknown>[]>;
}

/** The rows of the loaded tables, every column of them. */
export async function tableContents(tables: LoadedTables): Promise<TableContents> {
  const contents = perWarehouseTable((): MartRows => ({ rows: 0, content_hash: EMPTY_CONTENT_HASH }));
  for (const table of WAREHOUSE_TABLES) {
    const columns = WAREHOUSE_COLUMNS[table].map(({ name, duckdb }) => ({
      name,
      kind: duckdb === 'TIMESTAMP' ? ('timestamp' as const) : ('plain' as const),
    }));
    const [row = {}] = await tables.query(martContentSql(tables.dialect, tables.rows(table), columns));
    contents[table] = martRows(row);
  }
  return contents;
}

/**
 * Holds what was loaded against the window of the lake that it was loaded from.
 * @param connection a session in which the tables of the lake are views of their own name
 * @returns a sentence for each table that differs; nothing when none does
 */
export async function unlikeLake(
  { contents: loaded }: { contents: TableContents },
  connection: DuckDBConnection,
): Promise<{ unlike_lake?: string[] }> {
  const lake = await tableContents({
    dialect: DUCKDB,
    rows: (table) => `(${lakeSelection(table)}) AS selected`,
    query: async (sql) => (await connection.runAndReadAll(sql)).getRowObjectsJson(),
  });
  const sentences = WAREHOUSE_TABLES.filter(
    (table) =>
      loaded[table].rows !== lake[table].rows || loaded[table].content_hash !== lake[table].content_hash,
  ).map(
    (table) =>
      `${table} in the warehouse holds ${loaded[table].rows} rows (${loaded[table].content_hash}), ` +
      `the lake ${lake[table].rows} (${lake[table].content_hash}).`,
  );
  return sentences.length > 0 ? { unlike_lake: sentences } : {};
}
