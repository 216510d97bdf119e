import { Context } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import { ClientError } from '../clients/errors.ts';
import { LIVE_STREAM_ID } from '../contracts/live.ts';

/** The newest run of the stream's workflow, as Temporal's server knows it. */
export type StreamRun =
  /** Null: nothing has been heard of it yet. */
  { state: 'running'; heardAtMs: number | null } | { state: 'stopped' | 'failed'; endedAtMs: number };

/** Undefined: there is none, or it ended so long ago that the server has forgotten it. */
export type LookAtStream = () => Promise<StreamRun | undefined>;

/** What is read of temporal.api.workflow.v1.PendingActivityInfo. */
interface Pending {
  activityType?: { name?: string | null } | null;
  lastHeartbeatTime?: { seconds?: unknown; nanos?: number | null } | null;
}

const PATIENCE_MS = 5_000;
const STOPPED = new Set(['COMPLETED', 'CANCELLED']);

/** Asks the server that the activity belongs to. @throws ClientError Unavailable when it is silent */
export async function lookAtStream(): Promise<StreamRun | undefined> {
  const { client } = Context.current();
  try {
    const { status, closeTime, raw } = await client.withDeadline(Date.now() + PATIENCE_MS, () =>
      client.workflow.getHandle(LIVE_STREAM_ID).describe(),
    );
    if (closeTime)
      return { state: STOPPED.has(status.name) ? 'stopped' : 'failed', endedAtMs: closeTime.getTime() };
    return { state: 'running', heardAtMs: heardAt(raw.pendingActivities ?? []) };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw new ClientError('Unavailable', 'Temporal does not say whether the stream runs', { cause: error });
  }
}

function heardAt(pending: readonly Pending[]): number | null {
  const found = pending.find(({ activityType }) => activityType?.name === 'superviseStream');
  const { seconds, nanos } = found?.lastHeartbeatTime ?? {};
  // As text: the server's numbers are of 64 bits.
  return seconds === undefined || seconds === null
    ? null
    : Number(String(seconds)) * 1_000 + Math.floor((nanos ?? 0) / 1e6);
}
