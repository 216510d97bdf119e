import { type WindowId, windowKey } from './window.ts';

/** Namespace of the lake's Iceberg tables. */
export const LAKE_NAMESPACE = 'listening';

/** Column by which every lake table is partitioned: the start of the window in which the record arrived. */
export const WINDOW_COLUMN = 'window_start';

/** Schema (DuckDB) or dataset suffix (BigQuery) that holds the loaded lake tables. */
export const WAREHOUSE_SOURCE_SCHEMA = 'lake';

const shardName = (shard: number): string => `shard-${String(shard).padStart(4, '0')}`;

/** Object keys, all in the installation's one bucket. */
export const keys = {
  landing: (window: WindowId): string => `landing/window=${windowKey(window)}/`,
  shard: (window: WindowId, shard: number): string => `${keys.landing(window)}${shardName(shard)}.ndjson`,
  shardLedger: (window: WindowId, shard: number): string =>
    `${keys.landing(window)}${shardName(shard)}.ledger.json`,
  ledger: (window: WindowId): string => `${keys.landing(window)}ledger.json`,
  catalogue: (seed: number): string => `catalogue/seed=${seed}/tracks.ndjson`,
  report: (window: WindowId): string => `reports/window=${windowKey(window)}/report.json`,
  reports: 'reports/',
} as const;

/** One track of the catalogue, as an NDJSON line of the catalogue object. Attributes with which `events` is enriched. */
export interface CatalogueTrack {
  track_id: string;
  track_title: string;
  artist_id: string;
  artist_name: string;
  album_id: string;
  album_name: string;
  genre: string;
  duration_ms: number;
  /** `2024-05-17` */
  release_date: string;
  is_explicit: boolean;
}
