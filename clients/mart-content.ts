import type { DuckDBConnection } from '@duckdb/node-api';
import { formatContentHash } from '../contracts/content-hash.ts';
import type { MartRows } from '../contracts/hops.ts';
import { quoteText } from './warehouse.ts';

export interface MartColumn {
  name: string;
  kind: 'timestamp' | 'double' | 'plain';
}

/** What the engines call differently. */
export interface Dialect {
  quoted(name: string): string;
  /** 32 hexadecimal digits of a text's MD5. */
  md5(text: string): string;
  /** Microseconds since the epoch. */
  micros(column: string): string;
}

export const DUCKDB: Dialect = {
  quoted: (name) => `"${name}"`,
  md5: (text) => `md5(${text})`,
  micros: (column) => `epoch_us(${column})`,
};

export const BIGQUERY: Dialect = {
  quoted: (name) => `\`${name}\``,
  md5: (text) => `TO_HEX(MD5(${text}))`,
  micros: (column) => `UNIX_MICROS(${column})`,
};

/** A rate is summed in an order that is the engine's own: its last digits do not count. */
const RATE_DIGITS = 1_000_000_000;

/** One text a value, the same in every engine; with its length in front no two rows have the same text. */
function valueText(dialect: Dialect, { name, kind }: MartColumn): string {
  const column = dialect.quoted(name);
  const text = {
    timestamp: `CAST(${dialect.micros(column)} AS STRING)`,
    double: `CAST(CAST(ROUND(${column} * ${RATE_DIGITS}) AS BIGINT) AS STRING)`,
    plain: `CAST(${column} AS STRING)`,
  }[kind];
  return `CASE WHEN ${column} IS NULL THEN '-' ELSE CONCAT(CAST(LENGTH(${text}) AS STRING), ':', ${text}) END`;
}

/**
 * The rows of a mart and their content hash, as contracts/content-hash.ts defines it, over one text a row: its values in
 * the order of their columns' names. In two halves: the engines have no number of 64 bits without a sign in common.
 * @param day an expression by which to tell the rows apart; absent: all together
 */
export function martContentSql(
  dialect: Dialect,
  table: string,
  columns: readonly MartColumn[],
  day?: string,
): string {
  const values = columns
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .map((column) => valueText(dialect, column));
  const half = (from: number): string =>
    `CAST(SUM(CAST(CONCAT('0x', SUBSTR(digest, ${from}, 8)) AS BIGINT)) AS STRING)`;
  const digest = `${dialect.md5(`CONCAT(${values.join(', ')})`)} AS digest`;
  const sums = `CAST(COUNT(*) AS STRING) AS total, ${half(1)} AS high, ${half(9)} AS low`;
  return day === undefined
    ? `SELECT ${sums} FROM (SELECT ${digest} FROM ${table}) AS texts`
    : `SELECT day, ${sums} FROM (SELECT ${day} AS day, ${digest} FROM ${table}) AS texts GROUP BY day`;
}

/** From the row that the query gives; of no rows there are no sums. */
export function martRows(row: Record<string, unknown>): MartRows {
  const number = (name: string): bigint => BigInt((row[name] as string | null) ?? '0');
  return {
    rows: Number(number('total')),
    content_hash: formatContentHash((number('high') << 32n) + number('low')),
  };
}

/** @param database an expression */
export async function duckDbColumns(
  connection: DuckDBConnection,
  database: string,
  schema: string,
  mart: string,
): Promise<MartColumn[]> {
  const described = await connection.runAndReadAll(`SELECT column_name, data_type FROM duckdb_columns()
    WHERE database_name = ${database} AND schema_name = ${quoteText(schema)} AND table_name = ${quoteText(mart)}`);
  return described.getRows().map(([name, type]): MartColumn => {
    const kind = String(type).startsWith('TIMESTAMP') ? 'timestamp' : type === 'DOUBLE' ? 'double' : 'plain';
    return { name: String(name), kind };
  });
}

/** Of a mart that is a table of this session. */
export async function duckDbMartRows(
  connection: DuckDBConnection,
  database: string,
  schema: string,
  mart: string,
): Promise<MartRows> {
  const columns = await duckDbColumns(connection, database, schema, mart);
  const [catalog] = (await connection.runAndReadAll(`SELECT ${database}`)).getRows();
  const content = martContentSql(DUCKDB, `"${String(catalog?.[0])}".${schema}.${mart}`, columns);
  const [row = {}] = (await connection.runAndReadAll(content)).getRowObjectsJson();
  return martRows(row);
}
