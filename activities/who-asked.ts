import { Context } from '@temporalio/activity';
import type { AirflowAudit } from '../clients/airflow-audit.ts';
import {
  BACKFILL_BY,
  backfilledBy,
  CLEARED_BY,
  clearedBy,
  RESET_BY,
  RESET_UNKNOWN,
  resetBy,
} from '../contracts/replay.ts';
import type { ReplayOrder } from '../contracts/steps.ts';
import type { RunRecord } from './replays.ts';

/** How a workflow was reset, as its history tells. */
export interface Reset {
  identity: string;
  reason: string;
}

/** Where it stands who has asked for a run that its workflow was told of by no name. */
export interface Askers {
  airflow?: AirflowAudit;
  /** Undefined: that run does not come from a reset. */
  resetOf?: (workflow: RunRecord['workflow']) => Promise<Reset | undefined>;
}

/** A record is kept within half a minute, whether or not anybody answers. */
const PATIENCE_MS = 5_000;

/** The servers write their own name in the place of whoever has asked them. */
const NOBODY = /^(history-(service|resetter))?$/;

/** The order with the name of a person, as far as Airflow or Temporal knows it; else as it is. */
export async function whoAsked(
  order: ReplayOrder,
  run: Pick<RunRecord, 'window' | 'started_at' | 'workflow' | 'airflow'>,
  { airflow, resetOf }: Askers,
): Promise<ReplayOrder> {
  const { window, started_at: before } = run;
  if (order.by === RESET_BY) {
    const reset = await unlessSilent(resetOf?.(run.workflow));
    const why = reset?.reason === undefined || reset.reason === '' ? 'no reason was given' : reset.reason;
    const by = NOBODY.test(reset?.identity ?? '') ? RESET_UNKNOWN : resetBy(reset?.identity ?? '');
    return { by, why: why.slice(0, 500) };
  }
  if (run.airflow && order.by === CLEARED_BY(run.airflow.run_id)) {
    const user = await unlessSilent(airflow?.whoCleared(run.airflow.run_id, before));
    return user === undefined ? order : { ...order, by: clearedBy(user, run.airflow.run_id) };
  }
  if (order.by === BACKFILL_BY) {
    const user = await unlessSilent(airflow?.whoBackfilled(window, before));
    return user === undefined ? order : { ...order, by: backfilledBy(user) };
  }
  return order;
}

/** Who it was is worth a look, and not a window that does not end. */
async function unlessSilent<T>(asked: Promise<T> | undefined): Promise<T | undefined> {
  if (!asked) return undefined;
  const { promise, resolve } = Promise.withResolvers<void>();
  const patience = setTimeout(resolve, PATIENCE_MS);
  try {
    return (await Promise.race([asked.catch(() => undefined), promise])) ?? undefined;
  } finally {
    clearTimeout(patience);
  }
}

/** What the history of the workflow says, which the activity belongs to: Temporal puts a reset at its end. */
export async function resetInHistory({
  workflow_id,
  run_id,
}: RunRecord['workflow']): Promise<Reset | undefined> {
  const { events } = await Context.current().client.workflow.getHandle(workflow_id, run_id).fetchHistory();
  for (const { workflowTaskFailedEventAttributes: failed } of (events ?? []).toReversed()) {
    // An earlier reset names the run that came of it, and not this one.
    if (!failed?.failure?.resetWorkflowFailureInfo || failed.newRunId !== run_id) continue;
    return { identity: failed.identity ?? '', reason: failed.failure.message ?? '' };
  }
  return undefined;
}
