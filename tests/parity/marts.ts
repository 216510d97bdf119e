import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { MARTS, type Mart } from '../../clients/warehouse.ts';
import type { Config } from '../../config/config.ts';
import { ServingPointer } from '../../contracts/report.ts';

export interface MartRows {
  columns: string[];
  /** One text a row, in order: what is compared is the values, not how an engine stores or sorts them. */
  rows: string[];
}

/** The marts that the dashboard reads now. */
export async function readMarts({ paths }: Config): Promise<Record<Mart, MartRows>> {
  const pointer = ServingPointer.parse(JSON.parse(readFileSync(join(paths.serving, 'current.json'), 'utf8')));
  const instance = await DuckDBInstance.create(join(paths.serving, pointer.file), {
    access_mode: 'READ_ONLY',
  });
  const connection = await instance.connect();
  try {
    const marts = await Promise.all(
      MARTS.map(async (mart) => {
        const reader = await connection.runAndReadAll(`SELECT * FROM ${mart}`);
        const columns = reader.deduplicatedColumnNames();
        const rows = reader
          .getRowObjectsJson()
          .map((row) => JSON.stringify(columns.toSorted().map((column) => comparable(row[column]))));
        return [mart, { columns: columns.toSorted(), rows: rows.toSorted() }] as const;
      }),
    );
    return Object.fromEntries(marts) as Record<Mart, MartRows>;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Two engines may add the same doubles in another order: the last digits of a rate are not compared. */
function comparable(value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(9)) : value;
}
