import { type Client, WorkflowFailedError, type WorkflowStartOptions } from '@temporalio/client';
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
import { type fakeSteps, removeServing } from './fake-steps.ts';

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

type Steps = Pick<ReturnType<typeof fakeSteps>, 'queues'>;

/** A queue for which nobody has anything to do takes no worker. */
const served = ({ queues }: Steps): Capability[] =>
  (Object.keys(TASK_QUEUES) as Capability[]).filter((one) => Object.keys(queues[one]).length > 0);

/** A Temporal server for the tests of one file. */
export function temporalServer() {
  const { paths } = loadConfig();
  let environment: TestWorkflowEnvironment;
  let today: string;

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
    today = await workflowBundle(paths);
  });
  afterAll(removeServing);
  afterAll(() => environment?.teardown());

  /** Serves a queue until the function that it gives is called. The control queue runs the workflows of a bundle. */
  async function serve(capability: Capability, steps: Steps, codePath = today): Promise<() => Promise<void>> {
    const worker = await Worker.create({
      connection: environment.nativeConnection,
      taskQueue: TASK_QUEUES[capability],
      activities: steps.queues[capability],
      maxHeartbeatThrottleInterval: '100 milliseconds',
      defaultHeartbeatThrottleInterval: '100 milliseconds',
      ...(capability === 'control' ? { workflowBundle: { codePath } } : {}),
    });
    const running = worker.run();
    // Its failure is reported where it is waited for.
    running.catch(() => undefined);
    return () => {
      worker.shutdown();
      return running;
    };
  }

  /** Runs `work` while one worker serves each of the queues that have steps. */
  async function withWorkers<T>(
    steps: Steps,
    work: (client: Client) => Promise<T>,
    { capabilities = served(steps), codePath = today } = {},
  ): Promise<T> {
    const served = capabilities.filter((one) => Object.keys(steps.queues[one]).length > 0);
    const stops = await Promise.all(served.map((one) => serve(one, steps, codePath)));
    try {
      return await work(environment.client);
    } finally {
      await Promise.all(stops.map((stop) => stop()));
    }
  }

  return { serve, withWorkers, address: () => environment.address };
}

/** What runs `work` on a server of the file's own while one worker serves each queue with the steps. */
export const temporalForTests = () => temporalServer().withWorkers;

export const start = (client: Client, given: unknown = input, options: Partial<WorkflowStartOptions> = {}) =>
  client.workflow.start(LISTENING_WINDOW_WORKFLOW, {
    taskQueue: TASK_QUEUES.control,
    workflowId: windowWorkflowId(input.window),
    args: [given],
    ...options,
  });

export async function failureOf(running: Promise<unknown>): Promise<ApplicationFailure> {
  const error = await running.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(WorkflowFailedError);
  return (error as WorkflowFailedError).cause as ApplicationFailure;
}
