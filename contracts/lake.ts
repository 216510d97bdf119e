import { z } from 'zod';
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
  /** TrackNumbers that the shard's records mention. */
  shardTracks: (window: WindowId, shard: number): string =>
    `${keys.landing(window)}${shardName(shard)}.tracks.json`,
  ledger: (window: WindowId): string => `${keys.landing(window)}ledger.json`,
  /** The tracks that the window's records mention, and no others. */
  catalogue: (window: WindowId): string => `${keys.landing(window)}catalogue.ndjson`,
  receipts: (window: WindowId): string => `receipts/window=${windowKey(window)}/`,
  /** Named by its content, so that none ever replaces another. */
  receipt: (window: WindowId, shard: number, digest: string): string =>
    `${keys.receipts(window)}${shardName(shard)}-${digest}.json`,
  report: (window: WindowId): string => `reports/window=${windowKey(window)}/report.json`,
  reports: 'reports/',
  /** What the steps of the window left for a replay that begins behind them. */
  keptSteps: (window: WindowId): string => `state/window=${windowKey(window)}/`,
  keptStep: (window: WindowId, step: string): string => `${keys.keptSteps(window)}${step}.json`,
  /** How the window stood when it last came through. */
  outcome: (window: WindowId): string => `${keys.keptSteps(window)}outcome.json`,
  /** What the window's ledger has to say since a rule was mended. */
  amendment: (window: WindowId): string => `${keys.keptSteps(window)}amendment.json`,
  replays: (window: WindowId): string => `reports/window=${windowKey(window)}/replays/`,
} as const;

/** Tracks by the generator's own numbers, ascending. */
export const TrackNumbers = z.array(z.number().int().nonnegative());

/** One track of the catalogue, as an NDJSON line of the catalogue object. Attributes with which `events` is enriched. */
export const CatalogueTrack = z.object({
  track_id: z.string().describe('Catalogue id of the track.'),
  track_title: z.string().describe('Title of the track.'),
  artist_id: z.string().describe('Catalogue id of the artist.'),
  artist_name: z.string().describe('Name of the artist.'),
  album_id: z.string().describe('Catalogue id of the album.'),
  album_name: z.string().describe('Name of the album.'),
  genre: z.string().describe('Main genre of the artist.'),
  duration_ms: z.number().int().positive().describe('Length of the track, in milliseconds.'),
  release_date: z.string().meta({ format: 'date' }).describe('Day on which the album came out.'),
  is_explicit: z.boolean().describe('Whether the track is marked as explicit.'),
});
export type CatalogueTrack = z.infer<typeof CatalogueTrack>;
