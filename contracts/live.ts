import { z } from 'zod';
import { LakeAccess } from './steps.ts';
import { WindowId } from './window.ts';

/** The one resident stream of an installation: its workflow's id, and the name under which it commits to the tables. */
export const LIVE_STREAM_ID = 'live';
export const LIVE_STREAM_WORKFLOW = 'liveStream';
export const STOP_SIGNAL = 'stop';
export const LIVE_STATUS_QUERY = 'liveStatus';

/** Object keys of the stream, beside those of the windows (contracts/lake.ts). */
export const liveKeys = {
  /** How far the stream has come: `StreamPosition`. */
  position: 'live/position.json',
  /** Every track that the producer may mention, as NDJSON of `CatalogueTrack`. */
  catalogue: 'live/catalogue.ndjson',
  /** There once a record without a `window` header has arrived in that hour: the hour is closed, not generated. */
  hour: (window: WindowId): string => `live/hours/${window.replace(':', '-')}.json`,
  hours: 'live/hours/',
} as const;

/** What a live hour is asked to be: nothing. Part of a `WindowRequest`; the one shard is its one receipt. */
export const LIVE_HOUR_REQUEST = { events: 0, seed: 0, shards: 1, volume_shape: 'flat' } as const;

/** Next offset to be read, by partition, as text: offsets outgrow a double. */
export const Offsets = z.record(z.string().regex(/^\d+$/), z.string().regex(/^\d+$/));
export type Offsets = z.infer<typeof Offsets>;

/** Paced records for an installation that has no players of its own. */
export const ProducerRequest = z.object({
  rate: z.number().positive().max(50_000).describe('Records a second in the mean hour of a week.'),
  speed: z
    .number()
    .min(1)
    .max(1_440)
    .describe('Simulated hours an hour: at 24, days and nights pass in an hour each; the rate stays.'),
  seed: z.number().int().nonnegative(),
});
export type ProducerRequest = z.infer<typeof ProducerRequest>;

/** Input of the workflow `liveStream`. */
export const LiveStreamInput = z.object({
  requested_by: z.string().max(200),
  /** Null: other producers write to the topic. */
  producer: ProducerRequest.nullable(),
  trigger_ms: z.number().int().min(100).max(60_000).describe('A micro-batch begins at most so often.'),
  max_records_per_batch: z
    .number()
    .int()
    .min(100)
    .max(500_000)
    .describe('Bound of a batch: a burst takes more batches, not more memory.'),
});
export type LiveStreamInput = z.infer<typeof LiveStreamInput>;

/** What the stream job is told: a JSON file named by `--spec`. */
export const StreamSpec = z.object({
  stream: z.string(),
  lake: LakeAccess,
  kafka: z.object({ brokers: z.string(), topic: z.string() }),
  trigger_ms: z.number().int().positive(),
  max_records_per_batch: z.number().int().positive(),
  /** Folder of offsets and state on the driver's disk; the same for the life of the installation. */
  checkpoint: z.string(),
  /** NDJSON on the driver's disk; read again when it changes. Null: nothing to enrich with. */
  catalogue_file: z.string().nullable(),
  /** SQLite file of what the Now page shows. */
  now_file: z.string(),
  /** Once this file exists, the stream takes what has arrived, commits, and ends. */
  stop_file: z.string(),
});
export type StreamSpec = z.infer<typeof StreamSpec>;

/** A line `progress {…}` of the job's stdout, one a batch, after its rows are in every table. */
export const StreamProgress = z.object({
  batch: z.number().int().nonnegative(),
  /** Instant of the commit, ISO 8601 UTC. */
  at: z.string(),
  records: z.number().int().nonnegative(),
  valid: z.number().int().nonnegative(),
  quarantined: z.number().int().nonnegative(),
  duplicates: z.number().int().nonnegative(),
  seconds: z.number().nonnegative(),
  /** Records in the topic that are behind the offsets. */
  lag: z.number().int().nonnegative(),
  offsets: Offsets,
  /** Windows in which the records of the batch arrived. */
  windows: z.array(WindowId),
});
export type StreamProgress = z.infer<typeof StreamProgress>;

/** How far the stream has come; everything below the offsets is in the tables. */
export const StreamPosition = z.object({
  stream: z.string(),
  batch: z.number().int().nonnegative(),
  at: z.string(),
  offsets: Offsets,
});
export type StreamPosition = z.infer<typeof StreamPosition>;

/** Turns instants of the simulated world into real ones. Fixed once a run, so that a repeated attempt sends the same bytes. */
export const SimulatedClock = z.object({
  /** Both in milliseconds since 1970; the two are the same instant. */
  real_start_ms: z.number().int(),
  simulated_start_ms: z.number().int(),
  speed: z.number().positive(),
});
export type SimulatedClock = z.infer<typeof SimulatedClock>;

/** How far the producer is: what its heartbeats say, and what it leaves. */
export const ProducerProgress = z.object({
  /** Simulated milliseconds since 1970: every record that was due before has been taken by the broker. */
  position: z.number(),
  /** Records taken by the broker since the producer began. */
  sent: z.number().int().nonnegative(),
  /** By how much the oldest record that is due waits already. */
  behind_ms: z.number().nonnegative(),
  /** Real time that was passed over because the producer was away for too long. */
  skipped_ms: z.number().nonnegative(),
});
export type ProducerProgress = z.infer<typeof ProducerProgress>;

/** Heartbeat of the activity that supervises the stream. */
export const StreamHeartbeat = z.object({
  state: z.enum(['starting', 'running', 'stopping']),
  progress: StreamProgress.nullable(),
});
export type StreamHeartbeat = z.infer<typeof StreamHeartbeat>;

/** Answer to `LIVE_STATUS_QUERY`. */
export const LiveStatus = z.object({
  phase: z.enum(['preparing', 'running', 'stopping']),
  requested_by: z.string(),
  /** Instant at which somebody asked for it, ISO 8601 UTC: it outlives restarts of the workers. */
  started_at: z.string(),
  input: LiveStreamInput,
  producer: z.enum(['none', 'running', 'ended', 'failed']),
  /** What the producer failed with for good; the stream goes on without it. */
  producer_failure: z.string().nullable(),
});
export type LiveStatus = z.infer<typeof LiveStatus>;

/** What is left of a stream when it has been stopped. */
export interface LiveStreamResult {
  started_at: string;
  stopped_at: string;
  producer: ProducerProgress | null;
  /** Null: it ended before its first batch. */
  position: StreamPosition | null;
  /** Why the stream could not take what had arrived last; the next start does. */
  failure: string | null;
}
