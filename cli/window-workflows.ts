import { isDeepStrictEqual } from 'node:util';
import {
  Client,
  Connection,
  WorkflowExecutionAlreadyStartedError,
  type WorkflowExecutionStatusName,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import type { WindowProgress, WindowState } from '../contracts/report.ts';
import { type ListeningWindowInput, StepName, STEPS } from '../contracts/steps.ts';
import { LISTENING_WINDOW_WORKFLOW, PROGRESS_QUERY, TASK_QUEUES } from '../contracts/task-queues.ts';
import { type WindowId, windowWorkflowId } from '../contracts/window.ts';
import { ClientError } from '../clients/errors.ts';
import { CommandFailure } from './failure.ts';

/** One execution of a window's workflow. */
export interface WindowExecution {
  runId: string;
  state: WindowState;
}

/** The workflows of windows as the command line needs them: find, start, watch. */
export interface WindowWorkflows {
  /** The newest execution of the window; undefined when it never ran, or too long ago for Temporal to know. */
  latest(window: WindowId): Promise<WindowExecution | undefined>;
  execution(window: WindowId, runId: string): Promise<WindowExecution | undefined>;
  /** Starts the window, or joins the execution that runs already. */
  start(input: ListeningWindowInput): Promise<void>;
  /** Starts a new execution and tells its run id; undefined when one is running, which is left alone. */
  begin(input: ListeningWindowInput, memo: Record<string, unknown>): Promise<string | undefined>;
  /** What a closed execution failed with, in one line; undefined when it did not fail. */
  failure(window: WindowId, runId: string): Promise<string | undefined>;
  /** Undefined while no worker answers. */
  progress(window: WindowId, runId: string): Promise<WindowProgress | undefined>;
  close(): Promise<void>;
}

const QUERY_LIMIT_MS = 5_000;

export async function connectWindowWorkflows(temporal: {
  address: string;
  namespace: string;
}): Promise<WindowWorkflows> {
  const { address, namespace } = temporal;
  let connection: Connection;
  try {
    connection = await Connection.connect({ address, connectTimeout: '5 seconds' });
  } catch (error) {
    throw new CommandFailure(`Temporal does not answer at ${address}`, {
      mend: 'npx reprise up',
      cause: error,
    });
  }
  const { workflow: workflows } = new Client({ connection, namespace });

  const execution = async (window: WindowId, which?: string): Promise<WindowExecution | undefined> => {
    try {
      const { runId, status } = await workflows.getHandle(windowWorkflowId(window), which).describe();
      return { runId, state: stateOf(status.name) };
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw new ClientError('Unavailable', `Temporal does not answer at ${address}`, { cause: error });
    }
  };
  return {
    latest: (window) => execution(window),
    execution,
    async start(input) {
      const { window, events, seed, shards, volume_shape = 'flat' } = input;
      const request = { events, seed, shards, volume_shape };
      const present = await workflows
        .getHandle(windowWorkflowId(window))
        .describe()
        .catch(() => undefined);
      const memo = present?.status.name === 'RUNNING' ? present.memo : undefined;
      const mend = 'wait for it, or cancel its workflow in Temporal';
      // What an earlier version started names no shape, and no step.
      if (memo?.request && !isDeepStrictEqual({ volume_shape: 'flat', ...memo.request }, request))
        throw new CommandFailure(`${window} is running with other settings`, { mend });
      const begun = StepName.safeParse(memo?.from_step).data ?? STEPS[0];
      // What it leaves as it was would be taken for run.
      if (STEPS.indexOf(begun) > STEPS.indexOf(stepOf(input)))
        throw new CommandFailure(`${window} is running from ${begun} on only`, { mend });
      await workflows.start(LISTENING_WINDOW_WORKFLOW, {
        workflowId: windowWorkflowId(input.window),
        taskQueue: TASK_QUEUES.control,
        args: [input],
        workflowIdConflictPolicy: 'USE_EXISTING',
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        memo: { request, from_step: stepOf(input) },
      });
    },
    async begin(input, memo) {
      const { window, events, seed, shards, volume_shape = 'flat' } = input;
      try {
        const handle = await workflows.start(LISTENING_WINDOW_WORKFLOW, {
          workflowId: windowWorkflowId(window),
          taskQueue: TASK_QUEUES.control,
          args: [input],
          workflowIdConflictPolicy: 'FAIL',
          workflowIdReusePolicy: 'ALLOW_DUPLICATE',
          memo: {
            ...{ request: { events, seed, shards, volume_shape }, from_step: stepOf(input) },
            ...memo,
          },
        });
        return handle.firstExecutionRunId;
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) return undefined;
        throw new ClientError('Unavailable', `Temporal does not answer at ${address}`, { cause: error });
      }
    },
    async failure(window, runId) {
      try {
        await workflows.getHandle(windowWorkflowId(window), runId).result();
        return undefined;
      } catch (error) {
        const cause = error instanceof WorkflowFailedError ? (error.cause ?? error) : error;
        return cause instanceof Error ? cause.message : String(cause);
      }
    },
    async progress(window, runId) {
      try {
        const handle = workflows.getHandle(windowWorkflowId(window), runId);
        return await connection.withDeadline(Date.now() + QUERY_LIMIT_MS, () =>
          handle.query<WindowProgress>(PROGRESS_QUERY),
        );
      } catch {
        return undefined;
      }
    },
    close: () => connection.close(),
  };
}

const stepOf = ({ from_step: step }: ListeningWindowInput): StepName => step ?? STEPS[0];

function stateOf(status: WorkflowExecutionStatusName): WindowState {
  if (status === 'COMPLETED') return 'completed';
  if (status === 'CANCELLED') return 'cancelled';
  return status === 'RUNNING' || status === 'CONTINUED_AS_NEW' ? 'running' : 'failed';
}
