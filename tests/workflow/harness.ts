import { type Client, WorkflowFailedError } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect } from 'vitest';
import { loadConfig } from '../../config/config.ts';
import { venvProgram } from '../../config/paths.ts';
import type { ListeningWindowInput } from '../../contracts/steps.ts';
import {
  type Capability,
  LISTENING_WINDOW_WORKFLOW,
  SEARCH_ATTRIBUTES,
  TASK_QUEUES,
} from '../../contracts/task-queues.ts';
import { windowWorkflowId } from '../../contracts/window.ts';
import { workflowBundle } from '../../workers/bundle.ts';
import type { fakeSteps } from './fake-steps.ts';

export const input: ListeningWindowInput = {
  window: '2026-01-05T08:00Z',
  events: 100,
  seed: 1,
  shards: 2,
  requested_by: 'a test',
};
export const STEPS_BEFORE_COMPACT = [
  ...['generateShard', 'generateShard', 'finishGeneration', 'publishShard', 'publishShard'],
  ...['ingestWindow', 'forwardDeadLetters', 'reconcileWindow'],
];

/** A Temporal server for the tests of one file, and what runs `work` while one worker serves each queue with the steps. */
export function temporalForTests() {
  const { paths } = loadConfig();
  let environment: TestWorkflowEnvironment;
  let codePath: string;

  beforeAll(async () => {
    Runtime.install({ logger: new DefaultLogger('ERROR') });
    const path = venvProgram(paths, 'servers', 'temporal');
    environment = await TestWorkflowEnvironment.createLocal({
      server: {
        executable: { type: 'existing-path', path },
        extraArgs: Object.entries(SEARCH_ATTRIBUTES).flatMap(([name, type]) => [
          '--search-attribute',
          `${name}=${type}`,
        ]),
      },
    });
    codePath = await workflowBundle(paths);
  });
  afterAll(() => environment?.teardown());

  async function withWorkers<T>(
    steps: ReturnType<typeof fakeSteps>,
    work: (client: Client) => Promise<T>,
  ): Promise<T> {
    const workers = await Promise.all(
      (Object.keys(TASK_QUEUES) as Capability[]).map((capability) =>
        Worker.create({
          connection: environment.nativeConnection,
          taskQueue: TASK_QUEUES[capability],
          activities: steps.queues[capability],
          maxHeartbeatThrottleInterval: '100 milliseconds',
          defaultHeartbeatThrottleInterval: '100 milliseconds',
          ...(capability === 'control' ? { workflowBundle: { codePath } } : {}),
        }),
      ),
    );
    const running = workers.map((worker) => worker.run());
    try {
      return await work(environment.client);
    } finally {
      for (const worker of workers) worker.shutdown();
      await Promise.all(running);
    }
  }
  return withWorkers;
}

export const start = (client: Client, given: unknown = input) =>
  client.workflow.start(LISTENING_WINDOW_WORKFLOW, {
    taskQueue: TASK_QUEUES.control,
    workflowId: windowWorkflowId(input.window),
    args: [given],
  });

export async function failureOf(running: Promise<unknown>): Promise<ApplicationFailure> {
  const error = await running.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(WorkflowFailedError);
  return (error as WorkflowFailedError).cause as ApplicationFailure;
}
