import type { DuckDBConnection } from '@duckdb/node-api';
import events from '../contracts/generated/warehouse/events.json' with { type: 'json' };
import minuteCounts from '../contracts/generated/warehouse/minute_counts.json' with { type: 'json' };
import quarantine from '../contracts/generated/warehouse/quarantine.json' with { type: 'json' };
import { type ContentHash, EMPTY_CONTENT_HASH } from '../contracts/content-hash.ts';
import type { HopRecord } from '../contracts/hop-report.ts';
import type { MartRows } from '../contracts/hops.ts';
import type { RecordSet } from '../contracts/ledger.ts';
import { WAREHOUSE_TABLES, type WarehouseTable } from '../contracts/tables.ts';
import type { WindowId } from '../contracts/window.ts';
import type { MartAudit } from './mart-audit.ts';
import type { CutOffBuild } from './mart-state.ts';

/** The marts that dbt builds and readers see, in the order in which they are served. */
export const MARTS = [
  'hourly_activity',
  'sessions',
  'listeners',
  'daily_track_charts',
  'daily_artist_charts',
] as const;
export type Mart = (typeof MARTS)[number];

/** What the warehouse holds of a window once it is loaded. */
export interface LoadedWindow {
  rows: Record<WarehouseTable, number>;
  /** The events by event_type. */
  by_type: Record<string, number>;
  /** Of the events, recomputed from the warehouse's own rows. */
  content_hash: ContentHash;
  /** UTC days (`2026-01-05`), in order. */
  affected_dates: string[];
  /** The window's rows by table, every column of them. */
  contents: Record<WarehouseTable, MartRows>;
  /** A sentence for each table whose rows are not those of the lake; absent when all of them are. */
  unlike_lake?: string[];
  /** Some events by which it is another set than the one that was expected; absent when it is not. */
  differences?: HopRecord[];
}

/** A long operation, as its caller follows and ends it. */
export interface Progress {
  signal: AbortSignal;
  /** A sign of life. */
  note(details: Record<string, unknown>): void;
}

export interface WindowLoad {
  window: WindowId;
  /** A DuckDB session in which the tables of the lake, cut to the window, are views of their own name. */
  lake: DuckDBConnection;
  /** Attempts with the same key are attempts at the same load: what one of them has finished is done. */
  key: string;
  /** What the window's events should be. Absent: nobody says. */
  expected?: RecordSet & { by_type: Record<string, number> };
}

/** Whether a load has brought what was expected. */
export function isAsExpected(
  loaded: Omit<LoadedWindow, 'differences' | 'unlike_lake'>,
  expected: WindowLoad['expected'],
): boolean {
  if (!expected) return true;
  const types = new Set([...Object.keys(expected.by_type), ...Object.keys(loaded.by_type)]);
  return (
    loaded.rows.events === expected.total &&
    loaded.content_hash === expected.content_hash &&
    [...types].every((type) => (loaded.by_type[type] ?? 0) === (expected.by_type[type] ?? 0))
  );
}

export interface Warehouse {
  kind: 'duckdb' | 'bigquery';
  /** Replaces the window's rows of every loaded table. */
  loadWindow(load: WindowLoad, progress: Progress): Promise<LoadedWindow>;
  /** What is there of the window now; of one that was never loaded, nothing. */
  loadedWindow(window: WindowId, progress: Progress): Promise<LoadedWindow>;
  /** Variables that choose and reach this warehouse in dbt/profiles.yml. */
  dbtEnvironment(): Record<string, string>;
  /** Runs `work` while no one else of this process writes the marts, and tells it what earlier writers left undone. */
  withMartsToOurselves<T>(
    progress: Progress,
    work: (cutOff: readonly CutOffBuild[]) => Promise<T>,
  ): Promise<T>;
  /**
   * Counts what the marts say of the window's days and what the events make. Only for who has the marts to himself.
   * @param dates UTC days (`2026-01-05`) that the window touches
   */
  auditMarts(window: WindowId, dates: readonly string[], progress: Progress): Promise<MartAudit>;
  /**
   * Vouches for what the marts hold of these days: nobody is to change it before it is published. Only for who has the marts
   * to himself and has audited them.
   */
  recordMarts(dates: readonly string[], progress: Progress): Promise<void>;
  /**
   * Copies the marts, with the descriptions of their columns, into the main schema of `target`, a fresh database.
   * Returns what the warehouse itself has of each, counted and hashed there.
   * @throws ClientError unless the last build passed its tests and nobody has changed the marts since
   */
  copyMarts(target: DuckDBConnection, progress: Progress): Promise<Record<Mart, MartRows>>;
}

export interface WarehouseColumn {
  name: string;
  duckdb: string;
  bigquery: string;
  nullable: boolean;
  description: string;
}

/** Columns of the loaded tables, as the contracts generate them. */
export const WAREHOUSE_COLUMNS: Record<WarehouseTable, WarehouseColumn[]> = {
  events: events.columns,
  quarantine: quarantine.columns,
  minute_counts: minuteCounts.columns,
};

/**
 * Every day that a window has ever touched. It outlives the rows: when a window is loaded again with other events, the
 * days of its former ones must be built again too, also when the first attempt at that was cut off after the commit.
 */
export const WINDOW_DATES_TABLE = 'window_dates';

/** Written by the dbt project's hooks. */
export const MART_STATE_TABLE = 'mart_state';

export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * The rows of the lake's window with the warehouse's columns. DuckDB's TIMESTAMP is UTC by agreement; a Parquet file must
 * say so itself, or BigQuery takes it for a local time.
 */
export function lakeSelection(
  table: WarehouseTable,
  timestamp: 'TIMESTAMP' | 'TIMESTAMPTZ' = 'TIMESTAMP',
): string {
  const columns = WAREHOUSE_COLUMNS[table].map(({ name, duckdb }) => {
    const type = duckdb === 'TIMESTAMP' ? timestamp : duckdb;
    return `CAST("${name}" AS ${type}) AS "${name}"`;
  });
  return `SELECT ${columns.join(', ')} FROM ${table}`;
}

/**
 * The days to build for a window: those of its events, and those of the same events in other windows, because which copy
 * counts may have changed. Works in both engines; `tables` and the window are in the dialect of the caller.
 */
export function rememberDatesSql(tables: { events: string; dates: string }, windowStart: string): string {
  return `INSERT INTO ${tables.dates} (window_start, activity_date)
    SELECT DISTINCT ${windowStart}, CAST(occurred_at AS DATE)
    FROM ${tables.events}
    WHERE event_id IN (SELECT own.event_id FROM ${tables.events} AS own WHERE own.window_start = ${windowStart})
      AND CAST(occurred_at AS DATE) NOT IN (
        SELECT known.activity_date FROM ${tables.dates} AS known WHERE known.window_start = ${windowStart})`;
}

export function perWarehouseTable<T>(of: (table: WarehouseTable) => T): Record<WarehouseTable, T> {
  return Object.fromEntries(WAREHOUSE_TABLES.map((table) => [table, of(table)])) as Record<WarehouseTable, T>;
}

/** What a warehouse holds of a window that it does not know. */
export const nothingLoaded = (): LoadedWindow => ({
  ...{ rows: perWarehouseTable(() => 0), by_type: {} },
  contents: perWarehouseTable(() => ({ rows: 0, content_hash: EMPTY_CONTENT_HASH })),
  ...{ content_hash: EMPTY_CONTENT_HASH, affected_dates: [] },
});
