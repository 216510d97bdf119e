import { z } from 'zod';
import { EVENT_CONTRACTS, EVENT_TYPES } from './events.ts';
import { LAKE_TABLES } from './steps.ts';
import { type Column, type ColumnType, TABLES, WAREHOUSE_TABLES, warehouseColumns } from './tables.ts';

const SPARK_TYPES: Record<ColumnType, unknown> = {
  timestamp: 'timestamp',
  date: 'date',
  string: 'string',
  int: 'integer',
  bigint: 'long',
  boolean: 'boolean',
  binary: 'binary',
  headers: {
    type: 'array',
    elementType: {
      type: 'struct',
      fields: [
        { name: 'key', type: 'string', nullable: true, metadata: {} },
        { name: 'value', type: 'binary', nullable: true, metadata: {} },
      ],
    },
    containsNull: true,
  },
};

/** DuckDB's TIMESTAMP has no zone; the platform writes UTC into it, as BigQuery's TIMESTAMP is UTC. */
const WAREHOUSE_TYPES: Partial<Record<ColumnType, { duckdb: string; bigquery: string }>> = {
  timestamp: { duckdb: 'TIMESTAMP', bigquery: 'TIMESTAMP' },
  date: { duckdb: 'DATE', bigquery: 'DATE' },
  string: { duckdb: 'VARCHAR', bigquery: 'STRING' },
  int: { duckdb: 'INTEGER', bigquery: 'INT64' },
  bigint: { duckdb: 'BIGINT', bigquery: 'INT64' },
  boolean: { duckdb: 'BOOLEAN', bigquery: 'BOOL' },
};

/** Spark's `StructType.json()`. */
function sparkSchema(columns: readonly Column[]): unknown {
  return {
    type: 'struct',
    fields: columns.map(({ name, type, nullable, description }) => ({
      name,
      type: SPARK_TYPES[type],
      nullable,
      metadata: { comment: description },
    })),
  };
}

function warehouseSchema(columns: readonly Column[]): unknown {
  return {
    columns: columns.map(({ name, type, nullable, description }) => ({
      name,
      duckdb: WAREHOUSE_TYPES[type]?.duckdb,
      bigquery: WAREHOUSE_TYPES[type]?.bigquery,
      nullable,
      description,
    })),
  };
}

/** Every generated file by its path below `contracts/generated/`, with its text; equal contracts give equal bytes. */
export function generatedSchemas(): Map<string, string> {
  const files = new Map<string, unknown>();
  for (const eventType of [...EVENT_TYPES].sort()) {
    // The input side: fields beyond the contract are allowed and ignored.
    const schema = z.toJSONSchema(EVENT_CONTRACTS[eventType], { target: 'draft-2020-12', io: 'input' });
    files.set(`json-schema/${eventType}.json`, { ...schema, title: eventType });
  }
  for (const table of LAKE_TABLES) files.set(`spark/${table}.json`, sparkSchema(TABLES[table]));
  for (const table of WAREHOUSE_TABLES)
    files.set(`warehouse/${table}.json`, warehouseSchema(warehouseColumns(table)));
  return new Map([...files].map(([path, content]) => [path, `${JSON.stringify(content, null, 2)}\n`]));
}
