import { z } from 'zod';
import { ContentHash } from './content-hash.ts';
import { StepName } from './steps.ts';
import { WindowId } from './window.ts';

/** The window report: what `reprise report WINDOW --json` prints, and what the dashboard's pipeline page shows. */
export const WINDOW_REPORT_VERSION = 1;

const Count = z.number().int().nonnegative();
const Instant = z.string().describe('ISO 8601, UTC.');

export const WindowState = z.enum(['running', 'completed', 'failed', 'cancelled']);
export type WindowState = z.infer<typeof WindowState>;

export const HopName = z.enum([
  'landing',
  'kafka',
  'raw',
  'events',
  'quarantine',
  'duplicates',
  'warehouse',
  'serving',
]);
export type HopName = z.infer<typeof HopName>;

/** One place that the records pass: what the ledger expects there, and what was found. */
export const HopReport = z.object({
  hop: HopName,
  expected: z.object({ total: Count, content_hash: ContentHash.nullable(), by: z.record(z.string(), Count) }),
  observed: z.object({ total: Count, content_hash: ContentHash.nullable(), by: z.record(z.string(), Count) }),
  matches: z.boolean(),
  /** One sentence a difference; empty when it matches. */
  differences: z.array(z.string()),
});
export type HopReport = z.infer<typeof HopReport>;

export const StepReport = z.object({
  step: StepName,
  state: z.enum(['pending', 'running', 'completed', 'failed', 'skipped', 'cancelled']),
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
  reconciled: z.boolean().describe('True only when every hop reached matches its expectation.'),
  source: z.string(),
  seed: Count,
  events_requested: Count,
  requested_by: z.string(),
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
