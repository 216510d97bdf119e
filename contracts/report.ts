import { z } from 'zod';
import { HopName, HopReport } from './hop-report.ts';
import { ReplayOrder, StepName, VolumeShape } from './steps.ts';
import { WindowId } from './window.ts';

/** The window report: what `reprise report WINDOW --json` prints, and what the dashboard's pipeline page shows. */
export const WINDOW_REPORT_VERSION = 1;

export { HopName, HopReport };

const Count = z.number().int().nonnegative();
const Instant = z.string().describe('ISO 8601, UTC.');

export const WindowState = z.enum(['running', 'completed', 'failed', 'cancelled']);
export type WindowState = z.infer<typeof WindowState>;

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
  amended: z
    .object({
      by: z.string(),
      why: z.string(),
      at: Instant,
      moved: z.array(z.string()).describe('Against what was planted, one sentence a reason or type.'),
    })
    .optional()
    .describe(
      'The ledger that the window is held against was amended since a rule was mended; absent: it was not.',
    ),
  started_at: Instant,
  ended_at: Instant.nullable(),
  counts: z.object({ arrived: Count, valid: Count, quarantined: Count, duplicates: Count }),
  valid_by_type: z.record(z.string(), Count),
  quarantined_by_reason: z.record(z.string(), Count),
  hops: z.array(HopReport),
  steps: z.array(StepReport),
  days: z
    .array(z.string())
    .optional()
    .describe(
      'UTC days of the marts that it touches, those of its former runs included. Absent in reports of earlier versions.',
    ),
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
