import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection, WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { Config } from '../../config/config.ts';
import type { WindowProgress, WindowReport } from '../../contracts/report.ts';
import type { StepName } from '../../contracts/steps.ts';
import { PROGRESS_QUERY } from '../../contracts/task-queues.ts';
import { type WindowId, windowWorkflowId } from '../../contracts/window.ts';

/** By the activity that runs, and not by the progress query: that one asks a worker, which may be the one that was killed. */
const STEP_OF: Record<string, StepName> = {
  generateShard: 'generate',
  finishGeneration: 'generate',
  publishShard: 'publish',
  ingestWindow: 'ingest',
  forwardDeadLetters: 'ingest',
  reconcileWindow: 'reconcile',
  compactWindow: 'compact',
  loadWindow: 'load',
  buildWindow: 'build',
  publishServing: 'publish_serving',
};

/** temporal.api.enums.v1.PendingActivityState */
const STARTED = 2;

export interface RunningActivity {
  id: string;
  type: string;
  step: StepName | undefined;
  attempt: number;
  /** On a worker; else it waits for one, or for its next attempt. */
  started: boolean;
}

export interface Sight {
  runId: string;
  state: 'running' | 'completed' | 'failed';
  activities: RunningActivity[];
}

const ANSWER_LIMIT_MS = 2_000;
/** Steps of small windows take some hundred milliseconds. */
const LOOK_EVERY_MS = 15;

/** Nothing comes of what was waited for: a hang, and a fault that was not survived. */
export class Stuck extends Error {
  override name = 'Stuck';
}

/** A window's workflow as its server tells of it. */
export class Watch {
  readonly #connection: Connection;
  readonly #client: Client;

  private constructor(connection: Connection, namespace: string) {
    this.#connection = connection;
    this.#client = new Client({ connection, namespace });
  }

  static async connect({ temporal }: Config): Promise<Watch> {
    return new Watch(await Connection.connect({ address: temporal.address }), temporal.namespace);
  }

  /** Undefined when the window never ran, or nobody answers. */
  async look(window: WindowId): Promise<Sight | undefined> {
    try {
      const handle = this.#client.workflow.getHandle(windowWorkflowId(window));
      const description = await this.#connection.withDeadline(Date.now() + ANSWER_LIMIT_MS, () =>
        handle.describe(),
      );
      const { name } = description.status;
      return {
        runId: description.runId,
        state: name === 'RUNNING' ? 'running' : name === 'COMPLETED' ? 'completed' : 'failed',
        activities: (description.raw.pendingActivities ?? []).map((one) => {
          const type = one.activityType?.name ?? '';
          return {
            id: one.activityId ?? '',
            type,
            step: STEP_OF[type],
            attempt: one.attempt ?? 1,
            started: Number(one.state) === STARTED,
          };
        }),
      };
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      return undefined;
    }
  }

  /**
   * Looks until `found` says something of the window, or it has ended, or time is up.
   * @throws Stuck when time is up
   */
  async until<T>(
    window: WindowId,
    what: string,
    limitMs: number,
    found: (sight: Sight) => T | undefined,
  ): Promise<T> {
    const deadline = performance.now() + limitMs;
    for (;;) {
      const sight = await this.look(window);
      const value = sight === undefined ? undefined : found(sight);
      if (value !== undefined) return value;
      if (performance.now() > deadline)
        throw new Stuck(`${window}: ${what} was not seen within ${limitMs / 1000} s`);
      await sleep(LOOK_EVERY_MS);
    }
  }

  /** What the workflow of a failed window says, when its report does not. */
  async account(window: WindowId, runId: string): Promise<Pick<WindowReport, 'state' | 'failure' | 'steps'>> {
    const handle = this.#client.workflow.getHandle(windowWorkflowId(window), runId);
    const { step, steps } = await handle.query<WindowProgress>(PROGRESS_QUERY);
    const failure = await handle.result().then(
      () => new Error('it has completed'),
      (error: Error) => (error instanceof WorkflowFailedError ? (error.cause ?? error) : error),
    );
    const type = failure instanceof ApplicationFailure ? (failure.type ?? 'unknown') : failure.name;
    return { state: 'failed', steps, failure: { step, type, message: failure.message } };
  }

  /** Ends a window that would stand still for ever. */
  async terminate(window: WindowId, reason: string): Promise<void> {
    await this.#client.workflow.getHandle(windowWorkflowId(window)).terminate(reason);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}
