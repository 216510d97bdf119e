import { z } from 'zod';
import { ContentHash } from './content-hash.ts';
import { requestText, sameRequest } from './kept-steps.ts';
import { keys } from './lake.ts';
import { mayDiffer, type OtherWindows } from './other-windows.ts';
import { HopName, type WindowReport, WindowState } from './report.ts';
import { ReplayOrder, StepName, WindowRequest } from './steps.ts';
import { WindowId } from './window.ts';

export const REPLAY_RECORD_VERSION = 1;

/** So a workflow says that it was reset: it is told neither by whom nor why. The record knows more, when its history does. */
export const RESET_BY = 'Temporal: the workflow was reset';
const RESET = '(Temporal reset)';
export const resetBy = (identity: string): string => `${identity} ${RESET}`.slice(-200);
export const RESET_UNKNOWN = resetBy('unknown');
export const isReset = ({ by }: { by: string }): boolean => by === RESET_BY || by.endsWith(RESET);

/** So a task in Airflow says that it was cleared, and a backfill that it plays a run again: neither is told by whom. */
export const CLEARED_BY = (runId: string): string =>
  `Airflow, the task of ${runId} was cleared`.slice(0, 200);
export const clearedBy = (user: string, runId: string): string =>
  CLEARED_BY(runId)
    .replace('Airflow', () => `Airflow user ${user}`)
    .slice(0, 200);
export const BACKFILL_BY = 'airflow (backfill)';
export const backfilledBy = (user: string): string => `Airflow user ${user} (backfill)`.slice(0, 200);

const Count = z.number().int().nonnegative();
const Instant = z.string().describe('ISO 8601, UTC.');

const Holding = z.object({
  total: Count,
  content_hash: ContentHash.nullable(),
  by: z.record(z.string(), Count),
  content_hashes: z.record(z.string(), ContentHash).optional().describe('Of parts that have one: by mart.'),
});
type Holding = z.infer<typeof Holding>;

/** How a window stood when a run of it had ended: what two runs are compared by. */
export const WindowOutcome = z.object({
  request: WindowRequest,
  run_id: z.string(),
  state: WindowState,
  reconciled: z.boolean(),
  ended_at: Instant.nullable(),
  counts: z.object({ arrived: Count, valid: Count, quarantined: Count, duplicates: Count }),
  holds: z.partialRecord(HopName, Holding).describe('What was found at each hop.'),
  days: z.array(z.string()).optional().describe('UTC days of the marts that it touches.'),
  serving_version: z.string().nullable(),
  failure: z.object({ step: StepName.nullable(), type: z.string(), message: z.string() }).nullable(),
});
export type WindowOutcome = z.input<typeof WindowOutcome>;

/** One replay of a window, beside its report: who, what, why, when, before and after. */
export const ReplayRecord = z.object({
  version: z.literal(REPLAY_RECORD_VERSION),
  window: WindowId,
  order: ReplayOrder,
  joined: z
    .array(ReplayOrder)
    .optional()
    .describe('Who else wanted it while it ran, and joined it. Absent: nobody.'),
  from_step: StepName.describe('The first step that ran; those before it were kept.'),
  begun_earlier: z
    .string()
    .optional()
    .describe('Why a step ran again that was to be kept: its output was gone. Absent: none did.'),
  started_at: Instant,
  ended_at: Instant.nullable(),
  workflow: z.object({ workflow_id: z.string(), run_id: z.string() }),
  airflow: z.object({ dag_id: z.string(), run_id: z.string() }).nullable(),
  before: WindowOutcome.nullable().describe('Null: the window had not run before.'),
  after: WindowOutcome.nullable().describe('Null while the replay runs.'),
  compared_with: z
    .object({ run_id: z.string(), ended_at: Instant.nullable() })
    .nullable()
    .describe('The last run before this one that came through; null: there was none.'),
  identical: z
    .boolean()
    .nullable()
    .describe(
      'Whether it holds what that run held, to the byte; null: nothing to compare, or not through yet.',
    ),
  differences: z.array(z.string()).describe('One sentence a difference; empty when identical.'),
  amended: z
    .array(z.string())
    .describe('What changed sides when the ledger was amended for this replay, a sentence each.'),
  remarks: z
    .array(z.string())
    .describe('What differs because other windows have a part in it, and ran in between.'),
});
export type ReplayRecord = z.input<typeof ReplayRecord>;

/** Sorted by name they are sorted by time. */
export function replayKey({ window, started_at, workflow }: ReplayRecord): string {
  return `${keys.replays(window)}${started_at.replaceAll(/[-:.]/g, '')}-${workflow.run_id.slice(0, 8)}.json`;
}

export function outcomeOf(report: WindowReport): WindowOutcome {
  const { window, seed, events_requested: events, volume_shape } = report;
  return {
    request: { window, seed, events, shards: report.shards ?? 1, volume_shape },
    run_id: report.workflow.run_id,
    state: report.state,
    reconciled: report.reconciled,
    ended_at: report.ended_at,
    counts: report.counts,
    holds: Object.fromEntries(report.hops.map(({ hop, observed }) => [hop, observed])),
    ...(report.days ? { days: report.days } : {}),
    serving_version: report.serving_version,
    failure: report.failure,
  };
}

/**
 * Holds a run against the last one that came through. What other windows have a part in counts unless one of those ran in
 * between.
 */
export function compareOutcomes(
  before: WindowOutcome | null,
  after: WindowOutcome,
  { others, amended }: { others: OtherWindows; amended: boolean },
): Pick<ReplayRecord, 'compared_with' | 'identical' | 'differences' | 'remarks'> {
  if (!before) return { compared_with: null, identical: null, differences: [], remarks: [] };
  const compared_with = { run_id: before.run_id, ended_at: before.ended_at };
  if (!after.reconciled) return { compared_with, identical: null, differences: [], remarks: [] };
  // It is not meant to be the same.
  if (amended) return { compared_with, identical: null, differences: [], remarks: [] };
  if (!sameRequest(before.request, after.request)) {
    const sentence = `It was asked for otherwise before: ${requestText(before.request)}.`;
    return { compared_with, identical: null, differences: [], remarks: [sentence] };
  }
  const differences: string[] = [];
  const remarks: string[] = [];
  for (const hop of HopName.options) {
    const [was, is] = [before.holds[hop], after.holds[hop]];
    if (!was || !is) continue;
    const found = differ(hop, was, is);
    // Of what may well differ, the first sentence is enough.
    if (mayDiffer(hop, was, is, others)) remarks.push(...found.slice(0, 1));
    else differences.push(...found);
  }
  return { compared_with, identical: differences.length === 0, differences, remarks };
}

function differ(hop: HopName, was: Holding, is: Holding): string[] {
  const sentences: string[] = [];
  if (was.total !== is.total) sentences.push(`${hop} held ${was.total} records and holds ${is.total}.`);
  // A hop that has been told apart by kind since is still the same.
  const kinds = Object.keys(was.by).length > 0 && Object.keys(is.by).length > 0;
  for (const name of kinds ? [...new Set([...Object.keys(was.by), ...Object.keys(is.by)])].sort() : []) {
    const [had, has] = [was.by[name] ?? 0, is.by[name] ?? 0];
    if (had !== has) sentences.push(`${hop} held ${had} of ${name} and holds ${has}.`);
  }
  if (was.content_hash && is.content_hash && was.content_hash !== is.content_hash)
    sentences.push(`${hop} had the content hash ${was.content_hash} and has ${is.content_hash}.`);
  for (const [part, hash] of Object.entries(was.content_hashes ?? {})) {
    const now = is.content_hashes?.[part];
    if (now !== undefined && now !== hash)
      sentences.push(`${part} in ${hop} had the content hash ${hash} and has ${now}.`);
  }
  return sentences;
}
