import { z } from 'zod';
import { REASON_ORDER } from './quarantine.ts';
import { WindowState } from './report.ts';
import { StepName, WindowRequest } from './steps.ts';
import { consecutiveWindows, WINDOW_MS, WindowId, windowStartMs } from './window.ts';

/** A year of windows: a longer range is better cut. */
export const MOST_PLANNED = 8784;

/** Of a plan that travels: a payload stays below 64 KB with what stands around it. */
export const MOST_PART_BYTES = 48_000;

/** Of which quarantined records: those of one reason, or all. */
const QuarantinedScope = z.object({ reason_code: z.enum(REASON_ORDER).optional() });
export type QuarantinedScope = z.infer<typeof QuarantinedScope>;

/** Which windows somebody wants played again. */
export const ReplayScope = z
  .object({
    from: WindowId,
    /** The last window, itself included. */
    to: WindowId,
    failed: z.boolean().default(false).describe('Only those that failed, were cancelled or never ran.'),
    from_step: StepName.optional(),
    quarantined: QuarantinedScope.optional().describe(
      'Only those of which the rules of today judge records (quarantined with that code, before or after) otherwise.',
    ),
  })
  .refine(({ from, to }) => windowStartMs(from) <= windowStartMs(to), {
    message: 'the last window lies before the first',
    path: ['to'],
  })
  .refine((scope) => windowsOf(scope).length <= MOST_PLANNED, {
    message: `that is more than ${MOST_PLANNED} windows; cut the range`,
    path: ['to'],
  });
export type ReplayScope = z.input<typeof ReplayScope>;

/** What a step would make otherwise than it stands, one clause. */
const StepChange = z.object({ step: StepName, what: z.string() });
export type StepChange = z.infer<typeof StepChange>;

/** What a replay would do with one window of its scope. */
export const PlannedWindow = z.object({
  window: WindowId,
  state: z.union([WindowState, z.literal('missing')]),
  plays: z.boolean(),
  /** One clause: why it is played, or why not. */
  why: z.string(),
  /** What it was last asked to be. Null when it is not played. */
  request: WindowRequest.nullable(),
  /** The first step that runs, and why not a later one. */
  from_step: StepName.nullable(),
  because: z.string().nullable(),
  /** Why it cannot begin where it is asked to. */
  refused: z.string().nullable(),
  /** The run in Airflow that played it last; null when Airflow did not. */
  played_by: z.object({ dag_id: z.string(), run_id: z.string() }).nullable(),
  /** What changes sides in its ledger, a sentence each, when its quarantined records are put through again. */
  amends: z.array(z.string()),
  /** Fingerprint of the rules by which that was judged. */
  rules: z.string().optional(),
  /** What would change, in the order of the steps; empty unless somebody asks for it. */
  changes: z.array(StepChange).default([]),
  /** Days that its last run touched, as far as they are known. */
  days: z.array(z.string()),
});
export type PlannedWindow = z.input<typeof PlannedWindow>;

/** A plan as it travels: the windows that are played, in parts. */
export interface PlanPart {
  windows: PlannedWindow[];
  /** Where the next part begins: whoever asked asks from there. Null: this is the last one. */
  next: WindowId | null;
}

export function windowsOf({ from, to }: { from: WindowId; to: WindowId }): WindowId[] {
  const count = Math.floor((windowStartMs(to) - windowStartMs(from)) / WINDOW_MS) + 1;
  return consecutiveWindows(from, Math.max(0, count));
}
