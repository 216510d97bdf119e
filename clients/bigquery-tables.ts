import type { BigQuery, Dataset, TableMetadata, TableField } from '@google-cloud/bigquery';
import { WINDOW_COLUMN } from '../contracts/lake.ts';
import { WAREHOUSE_TABLES, type WarehouseTable } from '../contracts/tables.ts';
import { bigQueryError, httpStatus, request } from './bigquery.ts';
import { WAREHOUSE_COLUMNS, WINDOW_DATES_TABLE } from './warehouse.ts';

/** Within a partition, rows that are read together lie together. */
const CLUSTERING: Record<WarehouseTable, string[]> = {
  events: ['event_type', 'listener_id'],
  quarantine: ['reason_code'],
  minute_counts: ['event_type'],
};

/** Every column is nullable: Parquet cannot say that one is not, and a load may not change a column's mode. */
function fieldsOf(table: WarehouseTable): TableField[] {
  return WAREHOUSE_COLUMNS[table].map(({ name, bigquery, description }) => ({
    name,
    type: bigquery,
    mode: 'NULLABLE',
    description,
  }));
}

/** Makes the dataset and its tables where they are missing, and adds columns that the contracts have gained. */
export async function ensureLakeTables(bigQuery: BigQuery, name: string, location: string): Promise<void> {
  const dataset = bigQuery.dataset(name);
  await created(`create dataset ${name}`, () => dataset.create({ location }));
  await ensureTable(dataset, WINDOW_DATES_TABLE, {
    schema: {
      fields: [
        { name: WINDOW_COLUMN, type: 'TIMESTAMP' },
        { name: 'activity_date', type: 'DATE' },
      ],
    },
  });
  for (const table of WAREHOUSE_TABLES) {
    await ensureTable(dataset, table, {
      schema: { fields: fieldsOf(table) },
      timePartitioning: { type: 'HOUR', field: WINDOW_COLUMN },
      clustering: { fields: CLUSTERING[table] },
    });
  }
}

async function ensureTable(dataset: Dataset, name: string, wanted: TableMetadata): Promise<void> {
  const table = dataset.table(name);
  if (await created(`create table ${name}`, () => dataset.createTable(name, wanted))) return;
  const [metadata] = await request(`look up table ${name}`, () => table.getMetadata());
  const known: TableField[] = metadata.schema?.fields ?? [];
  const missing = (wanted.schema as { fields: TableField[] }).fields.filter(
    (field) => !known.some((other) => other.name === field.name),
  );
  if (missing.length === 0) return;
  await request(`add columns to ${name}`, () =>
    table.setMetadata({ schema: { fields: [...known, ...missing] } }),
  );
}

/** False when it was there already: somebody else may create it at the same time. */
async function created(doing: string, create: () => Promise<unknown>): Promise<boolean> {
  try {
    await create();
    return true;
  } catch (error) {
    if (httpStatus(error) === 409) return false;
    throw bigQueryError(doing, error);
  }
}
