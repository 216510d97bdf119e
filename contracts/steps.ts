import { z } from 'zod';
import { ContentHash } from './content-hash.ts';
import type { HopReport } from './hop-report.ts';
import { type Ledger, RecordAccount } from './ledger.ts';
import { WindowId } from './window.ts';

/** The steps of a window, in their order. */
export const STEPS = [
  'generate',
  'publish',
  'ingest',
  'reconcile',
  'compact',
  'load',
  'build',
  'publish_serving',
] as const;
export const StepName = z.enum(STEPS);
export type StepName = z.infer<typeof StepName>;

/**
 * How the records are spread over the windows. `flat`: every window holds exactly `events`. `diurnal`: `events` is the
 * mean hour of a week, and each window holds its share of the days and nights in which people listen.
 */
export const VolumeShape = z.enum(['flat', 'diurnal']);
export type VolumeShape = z.infer<typeof VolumeShape>;

/** What a window is asked to be. The same request gives the same bytes. */
export const WindowRequest = z.object({
  window: WindowId,
  /** Records in the window (under the shape `diurnal`: on average), planted duplicates and defects included. */
  events: z.number().int().min(0).max(50_000_000),
  seed: z.number().int().nonnegative(),
  shards: z.number().int().min(1).max(1024),
  /** Absent in what earlier versions recorded. */
  volume_shape: VolumeShape.default('flat'),
});
/** As it is given: what is absent stands for its default. */
export type WindowRequest = z.input<typeof WindowRequest>;

/** Where the records of a window come from: the seeded generator, or whoever writes to the topic while the hour passes. */
export const WindowSource = z
  .enum(['auto', 'live', 'generated'])
  .describe(
    'auto: live when records have arrived in the hour by themselves, else generated. Absent, as in what earlier versions recorded: generated, unasked.',
  );
export type WindowSource = z.infer<typeof WindowSource>;

/** Who wants a window played again, and why. */
export const ReplayOrder = z.object({
  by: z.string().max(200).describe('A person: an Airflow user, or who sat at which command line.'),
  why: z.string().max(500),
});
export type ReplayOrder = z.infer<typeof ReplayOrder>;

/** Input of the workflow `listeningWindow`. */
export const ListeningWindowInput = WindowRequest.extend({
  source: WindowSource.optional(),
  requested_by: z.string().max(200).describe('Who asked: an Airflow run, or the command line.'),
  from_step: StepName.optional().describe(
    'Begin here, on the kept results of the steps before; absent: at the first.',
  ),
  replay: ReplayOrder.optional(),
  amend: z
    .boolean()
    .optional()
    .describe(
      'Judge the records by the rules of today first, and amend the ledger of the window accordingly.',
    ),
  rules: z
    .string()
    .max(64)
    .optional()
    .describe(
      'Fingerprint of the rules by which the plan was made: a worker that has others is not to judge.',
    ),
  airflow: z
    .object({ dag_id: z.string(), run_id: z.string(), task_id: z.string(), try_number: z.number().int() })
    .optional()
    .describe('The Airflow task that waits for this workflow.'),
});
export type ListeningWindowInput = z.input<typeof ListeningWindowInput>;

/** A shard in the landing area: where it lies and what it holds. */
export interface LandedShard {
  shard: number;
  /** Object keys in the installation's bucket. */
  key: string;
  ledger_key: string;
  /** Absent where a replay has recalled the shard from its ledger. */
  bytes?: number;
  records: number;
  content_hash: ContentHash;
  /** By the type that can be read; absent in what earlier versions recorded. */
  by_type?: Record<string, number>;
}

/**
 * The landing area when it is whole. The ledger itself is small (counts by type), so it travels; the shards do not: the
 * workflow has them from those who wrote them.
 */
export interface GenerateResult {
  /** Only for workflows of earlier versions, which hand them over and want them back. */
  shards?: LandedShard[];
  ledger: Ledger;
  ledger_key: string;
  catalogue_key: string;
  /** Of an hour that was not generated but counted in the topic. */
  live?: { receipt_digest: string };
}

/** Consecutive offsets `[first, last]` of one partition. */
export const OffsetRange = z.object({
  partition: z.number().int().nonnegative(),
  first: z.string().regex(/^\d+$/),
  last: z.string().regex(/^\d+$/),
});
export type OffsetRange = z.infer<typeof OffsetRange>;

/** What publishing a shard leaves behind, written in the same Kafka transaction as the records. */
export const Receipt = z.object({
  window: WindowId,
  shard: z.number().int().nonnegative(),
  topic: z.string(),
  /** Lowest and highest offset by partition; other records may lie between them: the headers tell. */
  ranges: z.array(OffsetRange),
  records: z.number().int().nonnegative(),
  bytes: z.number().int().nonnegative(),
  content_hash: ContentHash,
  by_type: z
    .record(z.string(), z.number().int().nonnegative())
    .optional()
    .describe('Records by the type that can be read; absent in receipts of earlier versions.'),
  source: z
    .literal('live')
    .optional()
    .describe(
      'live: of what arrived without a `window` header. Absent: of what was published for the window.',
    ),
});
export type Receipt = z.infer<typeof Receipt>;

/**
 * The receipts of a window, by shard. By reference: a receipt names every partition, and what travels through a workflow
 * stays below 64 KB with any number of shards. The receipts themselves stand in what earlier versions recorded.
 */
export type WindowReceipts = { digests: string[] } | Receipt[];

export const LAKE_TABLES = ['raw', 'events', 'quarantine', 'minute_counts'] as const;
export type LakeTable = (typeof LAKE_TABLES)[number];

/** A table at one commit, readable by any Iceberg reader without the catalogue. */
export const TableVersion = z.object({
  /** `s3://…/metadata/….metadata.json` */
  metadata_location: z.string(),
  snapshot_id: z.string(),
});
export type TableVersion = z.infer<typeof TableVersion>;

export const LakeVersions = z.object({
  raw: TableVersion,
  events: TableVersion,
  quarantine: TableVersion,
  minute_counts: TableVersion,
});
export type LakeVersions = z.infer<typeof LakeVersions>;

/**
 * What a Spark job is told: a JSON file named by `--spec`. The object store's keys come by environment
 * (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION), never in the file.
 */
export const LakeAccess = z.object({
  catalog: z.object({ name: z.string(), uri: z.string(), warehouse: z.string() }),
  s3_endpoint: z.string(),
  namespace: z.string(),
});
export type LakeAccess = z.infer<typeof LakeAccess>;

export const IngestSpec = z.object({
  window: WindowId,
  window_start: z.string(),
  window_end: z.string(),
  lake: LakeAccess,
  kafka: z.object({ brokers: z.string(), topic: z.string() }),
  /** Receipts of the window's shards. */
  receipts: z.array(Receipt),
  /** NDJSON of the catalogue on the driver's disk; null: nothing to enrich with. */
  catalogue_file: z.string().nullable(),
  /** Where the job writes its IngestReport (JSON) when it is done. */
  report_file: z.string(),
});
export type IngestSpec = z.infer<typeof IngestSpec>;

export const IngestReport = z.object({
  window: WindowId,
  account: RecordAccount,
  minute_rows: z.number().int().nonnegative(),
  tables: LakeVersions,
  /** Seconds by phase, for the report. */
  seconds: z.record(z.string(), z.number()),
});
export type IngestReport = z.infer<typeof IngestReport>;

export const CompactSpec = z.object({
  window: WindowId,
  window_start: z.string(),
  window_end: z.string(),
  lake: LakeAccess,
  report_file: z.string(),
});
export type CompactSpec = z.infer<typeof CompactSpec>;

const Files = z.object({ files: z.number().int().nonnegative(), bytes: z.number().int().nonnegative() });

export const CompactReport = z.object({
  window: WindowId,
  tables: LakeVersions,
  /** By table: the window's data files before and after. */
  rewritten: z.record(z.string(), z.object({ before: Files, after: Files })),
  content_hash_before: ContentHash,
  content_hash_after: ContentHash,
  snapshots_expired: z.number().int().nonnegative(),
  seconds: z.record(z.string(), z.number()),
});
export type CompactReport = z.infer<typeof CompactReport>;

/** What the job is told that closes an hour which the resident stream has filled; its report is an `IngestReport`. */
export const CloseSpec = CompactSpec.extend({
  /** NDJSON on the driver's disk; null: nothing to enrich with. */
  catalogue_file: z.string().nullable(),
});
export type CloseSpec = z.infer<typeof CloseSpec>;

/** Result of the load step: the window's rows in the warehouse. */
export interface LoadResult {
  rows: Record<string, number>;
  /** The events by event_type. Absent in results that earlier versions recorded. */
  by_type?: Record<string, number>;
  content_hash: ContentHash;
  /** By table: the rows with all their columns. Absent in results that earlier versions recorded. */
  contents?: Record<string, { rows: number; content_hash: ContentHash }>;
  /** UTC dates (`2026-01-05`) of the events loaded: the days that the build touches. */
  affected_dates: string[];
}

export interface BuildResult {
  models: number;
  tests: number;
  /** dbt's own seconds. */
  seconds: number;
  resumed: boolean;
  /** The marts, held against the events that they are made of. Absent in results that earlier versions recorded. */
  hops?: HopReport[];
}

export interface PublishServingResult {
  version: string;
  file: string;
  bytes: number;
  /** Rows by mart, read back from the snapshot. */
  marts: Record<string, number>;
  /** Rows by mart in the warehouse that the snapshot was copied from. Absent in results that earlier versions recorded. */
  warehouse_marts?: Record<string, number>;
  /** The snapshot, held against the warehouse. Absent in results that earlier versions recorded. */
  hops?: HopReport[];
}
