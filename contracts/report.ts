import { z } from 'zod';
import { ContentHash } from './content-hash.ts';
import { ReplayOrder, StepName, VolumeShape } from './steps.ts';
import { WindowId } from './window.ts';

/** The window report: what `reprise report WINDOW --json` prints, and what the dashboard's pipeline page shows. */
export const WINDOW_REPORT_VERSION = 1;

const Count = z.number().int().nonnegative();
const Instant = z.string().describe('ISO 8601, UTC.');

export const WindowState = z.enum(['running', 'completed', 'failed', 'cancelled']);
export type WindowState = z.infer<typeof WindowState>;

/**
 * The places that a window's records pass, in their order. A completed window has them all. Each is held against the
 * window's ledger but `serving`, which is held against the warehouse and counts all windows together.
 */
export const HopName = z.enum([
  /** The shards on the object store, as counted while they were written. */
  'landing',
  /** What the receipts say that the broker acknowledged; nothing is read back here. */
  'kafka',
  /** What was read back from the topic, as the lake keeps it. */
  'raw',
  'events',
  'quarantine',
  'duplicates',
  /** The window's events, counted in the warehouse. */
  'warehouse',
  /** Rows of the marts in the snapshot that readers open, against those in the warehouse that they were copied from. */
  'serving',
]);
export type HopName = z.infer<typeof HopName>;

const HopSide = z.object({
  total: Count,
  /** Null where a hop keeps no bytes to hash. */
  content_hash: ContentHash.nullable(),
  by: z
    .record(z.string(), Count)
    .describe(
      'The total by event_type (events, warehouse), by reason (quarantine) or by mart (serving). Empty for landing, kafka ' +
        'and raw: those are bytes that nobody has interpreted yet, so they have a total and a hash. Empty for duplicates.',
    ),
});

/** One place that the records pass: what is expected there, and what was found. */
export const HopReport = z.object({
  hop: HopName,
  expected: HopSide,
  observed: HopSide,
  matches: z.boolean(),
  /** One sentence a difference; empty when it matches. */
  differences: z.array(z.string()),
});
export type HopReport = z.infer<typeof HopReport>;

export const StepReport = z.object({
  step: StepName,
  state: z
    .enum(['pending', 'running', 'completed', 'kept', 'failed', 'skipped', 'cancelled'])
    .describe('kept: done by an earlier run, which ended it at ended_at; this one began behind it.'),
  started_at: Instant.nullable(),
  ended_at: Instant.nullable(),
  seconds: z.number().nonnegative().nullable(),
  attempts: Count,
  failure: z.object({ type: z.string(), message: z.string() }).nullable(),
});
export type StepReport = z.infer<typeof StepReport>;

export const WindowReport = z.object({
  version: z.literal(WINDOW_REPORT_VERSION),
  window: WindowId,
  window_start: Instant,
  window_end: Instant,
  state: WindowState,
  reconciled: z
    .boolean()
    .describe('True only when the window is completed and every hop is there and matches.'),
  source: z.string(),
  seed: Count,
  events_requested: Count,
  volume_shape: VolumeShape.default('flat').describe(
    'flat: events_requested is what arrives; diurnal: it is the mean hour of a week. Absent in reports of earlier versions.',
  ),
  shards: Count.optional().describe('Absent in reports of earlier versions.'),
  requested_by: z.string(),
  replay: ReplayOrder.optional().describe('Who wanted it played again, and why; absent when nobody did.'),
  started_at: Instant,
  ended_at: Instant.nullable(),
  counts: z.object({ arrived: Count, valid: Count, quarantined: Count, duplicates: Count }),
  valid_by_type: z.record(z.string(), Count),
  quarantined_by_reason: z.record(z.string(), Count),
  hops: z.array(HopReport),
  steps: z.array(StepReport),
  serving_version: z.string().nullable(),
  failure: z.object({ step: StepName.nullable(), type: z.string(), message: z.string() }).nullable(),
  links: z.object({
    temporal: z.string().nullable(),
    airflow: z.string().nullable(),
    dashboard: z.string().nullable(),
  }),
  workflow: z.object({ workflow_id: z.string(), run_id: z.string() }),
  airflow: z.object({ dag_id: z.string(), run_id: z.string() }).nullable(),
});
export type WindowReport = z.infer<typeof WindowReport>;

/** Answer of the progress query, while the window runs. */
export interface WindowProgress {
  window: WindowId;
  state: WindowState;
  step: StepName | null;
  steps: StepReport[];
}

/** `serving/current.json`: which snapshot readers open. Replaced atomically. */
export const ServingPointer = z.object({
  version: z.string(),
  /** File name beside the pointer. */
  file: z.string(),
  published_at: Instant,
  window: WindowId.describe('The window whose publication this is.'),
});
export type ServingPointer = z.infer<typeof ServingPointer>;
