import {
  Client,
  Connection,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { ClientError } from '../clients/errors.ts';
import {
  LIVE_STATUS_QUERY,
  LIVE_STREAM_ID,
  LIVE_STREAM_WORKFLOW,
  type LiveStatus,
  type LiveStreamInput,
  type LiveStreamResult,
  ProducerProgress,
  STOP_SIGNAL,
  StreamHeartbeat,
} from '../contracts/live.ts';
import { TASK_QUEUES } from '../contracts/task-queues.ts';
import { CommandFailure } from './failure.ts';

/** An activity that the server has on its list: what its attempts say. */
export interface Attempts<T> {
  attempt: number;
  /** `waits`: no worker has taken it (again) yet. */
  state: 'runs' | 'waits';
  /** The last thing that was heard of it. */
  heard: T | null;
  /** What the attempt before failed with. */
  failure: string | null;
}

/** The newest run of the stream. */
export interface LiveView {
  state: 'running' | 'stopped' | 'failed';
  /** Null while no worker of the workflows answers. */
  status: LiveStatus | null;
  stream: Attempts<StreamHeartbeat> | null;
  producer: Attempts<ProducerProgress> | null;
  /** Why it has failed. */
  failure: string | null;
  /** What was left when it was stopped. */
  left: LiveStreamResult | null;
}

/** The stream's workflow as the command line needs it. */
export interface LiveWorkflow {
  /** False when one is running, which is left alone. */
  begin(input: LiveStreamInput): Promise<boolean>;
  /** Undefined when there has never been one. */
  look(): Promise<LiveView | undefined>;
  askToStop(): Promise<void>;
  close(): Promise<void>;
}

const CONNECT_LIMIT_MS = 5_000;
const QUERY_LIMIT_MS = 3_000;

export async function connectLiveWorkflow(
  temporal: { address: string; namespace: string },
  connectLimitMs = CONNECT_LIMIT_MS,
): Promise<LiveWorkflow> {
  const { address, namespace } = temporal;
  const silent = `Temporal does not answer at ${address}`;
  let connection: Connection;
  try {
    connection = await Connection.connect({ address, connectTimeout: connectLimitMs });
  } catch (error) {
    throw new CommandFailure(silent, { mend: 'npx reprise up', cause: error });
  }
  const { workflow: workflows } = new Client({ connection, namespace });
  const handle = workflows.getHandle(LIVE_STREAM_ID);
  const told = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw new ClientError('Unavailable', silent, { cause: error });
    }
  };
  /** While no worker answers, nobody knows. */
  const query = async (): Promise<LiveStatus | null> => {
    try {
      const deadline = Date.now() + QUERY_LIMIT_MS;
      return await connection.withDeadline(deadline, () => handle.query<LiveStatus>(LIVE_STATUS_QUERY));
    } catch {
      return null;
    }
  };
  return {
    async begin(input) {
      try {
        await workflows.start(LIVE_STREAM_WORKFLOW, {
          workflowId: LIVE_STREAM_ID,
          taskQueue: TASK_QUEUES.control,
          args: [input],
          workflowIdConflictPolicy: 'FAIL',
          workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        });
        return true;
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
        throw new ClientError('Unavailable', silent, { cause: error });
      }
    },
    async look() {
      const described = await told(() => handle.describe());
      if (!described) return undefined;
      const { name } = described.status;
      const pending = (described.raw.pendingActivities ?? []) as unknown as readonly Pending[];
      const state =
        name === 'RUNNING' || name === 'CONTINUED_AS_NEW'
          ? 'running'
          : name === 'COMPLETED' || name === 'CANCELLED'
            ? 'stopped'
            : 'failed';
      return {
        state,
        status: state === 'running' ? await query() : null,
        stream: attemptsOf(pending, 'superviseStream', StreamHeartbeat),
        producer: attemptsOf(pending, 'produce', ProducerProgress),
        failure: state === 'failed' ? await failureOf(() => handle.result()) : null,
        left: name === 'COMPLETED' ? ((await handle.result()) as LiveStreamResult) : null,
      };
    },
    async askToStop() {
      await told(() => handle.signal(STOP_SIGNAL));
    },
    close: () => connection.close(),
  };
}

/** What is read of temporal.api.workflow.v1.PendingActivityInfo. */
interface Pending {
  activityType?: { name?: string | null } | null;
  /** 1: scheduled, 2: started, 3: asked to end. */
  state?: number | null;
  attempt?: number | null;
  heartbeatDetails?: { payloads?: Parameters<typeof defaultPayloadConverter.fromPayload>[0][] | null } | null;
  lastFailure?: { message?: string | null } | null;
}

const SCHEDULED = 1;

function attemptsOf<T>(
  pending: readonly Pending[],
  name: string,
  contract: { safeParse(value: unknown): { success: true; data: T } | { success: false } },
): Attempts<T> | null {
  const found = pending.find(({ activityType }) => activityType?.name === name);
  if (!found) return null;
  const [payload] = found.heartbeatDetails?.payloads ?? [];
  const heard = contract.safeParse(payload ? defaultPayloadConverter.fromPayload(payload) : undefined);
  return {
    attempt: found.attempt ?? 1,
    state: found.state === SCHEDULED ? 'waits' : 'runs',
    heard: heard.success ? heard.data : null,
    failure: found.lastFailure?.message ?? null,
  };
}

async function failureOf(result: () => Promise<unknown>): Promise<string | null> {
  try {
    await result();
    return null;
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    return cause instanceof Error ? cause.message : String(cause);
  }
}
