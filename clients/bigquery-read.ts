import type { Table, TableField } from '@google-cloud/bigquery';
import type { DuckDBConnection } from '@duckdb/node-api';
import { request } from './bigquery.ts';
import { ClientError } from './errors.ts';
import type { MartColumn } from './mart-content.ts';
import { type Progress, quoteText } from './warehouse.ts';

const PAGE_ROWS = 20_000;

/** BigQuery reports a column's type by its older names. */
const DUCKDB_TYPES: Record<string, string> = {
  STRING: 'VARCHAR',
  INTEGER: 'BIGINT',
  INT64: 'BIGINT',
  FLOAT: 'DOUBLE',
  FLOAT64: 'DOUBLE',
  BOOLEAN: 'BOOLEAN',
  BOOL: 'BOOLEAN',
  TIMESTAMP: 'TIMESTAMP',
  DATE: 'DATE',
};

/**
 * Copies a table page by page, through tabledata.list, which costs nothing, into a DuckDB table of the same types,
 * descriptions included.
 */
export async function copyTable(
  table: Table,
  target: DuckDBConnection,
  name: string,
  progress: Progress,
): Promise<void> {
  const doing = `read ${name}`;
  const [metadata] = await request(doing, () => table.getMetadata());
  const fields: TableField[] = metadata.schema?.fields ?? [];
  // As text, and cast by DuckDB: one conversion for all types, and micro-seconds survive.
  await target.run(
    `CREATE TEMP TABLE page_rows (${fields.map((field) => `"${field.name}" VARCHAR`).join(', ')})`,
  );
  await appendPages(doing, table, target, fields, progress);
  const columns = fields.map(
    (field) => `CAST("${field.name}" AS ${duckDbType(name, field)}) AS "${field.name}"`,
  );
  await target.run(`CREATE TABLE main.${name} AS SELECT ${columns.join(', ')} FROM page_rows`);
  await target.run('DROP TABLE page_rows');
  if (metadata.description)
    await target.run(`COMMENT ON TABLE main.${name} IS ${quoteText(metadata.description)}`);
  for (const field of fields) {
    if (!field.description) continue;
    await target.run(`COMMENT ON COLUMN main.${name}."${field.name}" IS ${quoteText(field.description)}`);
  }
}

/** The columns of a mart, as its content is hashed. */
export async function martColumns(table: Table, mart: string): Promise<MartColumn[]> {
  const [metadata] = await request(`describe ${mart}`, () => table.getMetadata());
  const fields: TableField[] = metadata.schema?.fields ?? [];
  return fields.map((field) => {
    const type = duckDbType(mart, field);
    const kind = type === 'TIMESTAMP' ? 'timestamp' : type === 'DOUBLE' ? 'double' : 'plain';
    return { name: field.name ?? '', kind };
  });
}

async function appendPages(
  doing: string,
  table: Table,
  target: DuckDBConnection,
  fields: readonly TableField[],
  progress: Progress,
): Promise<void> {
  const appender = await target.createAppender('page_rows');
  let rows = 0;
  let pageToken: string | undefined;
  do {
    progress.signal.throwIfAborted();
    const options = { autoPaginate: false, maxResults: PAGE_ROWS, ...(pageToken ? { pageToken } : {}) };
    const [page, next] = await request(doing, () => table.getRows(options));
    for (const row of page as Record<string, unknown>[]) {
      for (const { name = '' } of fields) {
        const text = textOf(row[name]);
        if (text === null) appender.appendNull();
        else appender.appendVarchar(text);
      }
      appender.endRow();
    }
    rows += page.length;
    progress.note({ reading: table.id, rows });
    pageToken = (next as { pageToken?: string } | null)?.pageToken;
  } while (pageToken);
  appender.closeSync();
}

/** The client wraps dates and times in objects of one field, `value`. */
function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === 'object' && 'value' in value ? String(value.value) : String(value);
}

function duckDbType(table: string, { name, type }: TableField): string {
  const known = DUCKDB_TYPES[type ?? ''];
  if (known === undefined)
    throw new ClientError('Misconfigured', `BigQuery: ${table}.${name} has type ${type}`);
  return known;
}
