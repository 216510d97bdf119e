import type { Client, WorkflowHandle } from '@temporalio/client';
import type proto from '@temporalio/proto';
import {
  LIVE_STATUS_QUERY,
  LIVE_STREAM_WORKFLOW,
  type LiveStatus,
  STOP_SIGNAL,
} from '../../contracts/live.ts';
import { TASK_QUEUES } from '../../contracts/task-queues.ts';
import { fakeStream, LIVE_INPUT, progressOf } from '../workflow/fake-stream.ts';
import type { temporalServer } from '../workflow/harness.ts';

type History = proto.temporal.api.history.v1.IHistory;
type WithWorkers = ReturnType<typeof temporalServer>['withWorkers'];

async function isUp(handle: WorkflowHandle, said: readonly string[]): Promise<boolean> {
  const { phase } = await handle.query<LiveStatus>(LIVE_STATUS_QUERY);
  return phase === 'running' && said.includes('superviseStream 1') && said.includes('produce 1');
}

/** Begins a stream, has `work` done once it runs, and takes the history of its first run. */
async function historyOf(
  withWorkers: WithWorkers,
  stream: ReturnType<typeof fakeStream>,
  work: (handle: WorkflowHandle) => Promise<unknown>,
): Promise<History> {
  const run = async (client: Client): Promise<History> => {
    const workflowId = 'live';
    const asked = { workflowId, taskQueue: TASK_QUEUES.control, args: [LIVE_INPUT] };
    const handle = await client.workflow.start(LIVE_STREAM_WORKFLOW, asked);
    while (!(await isUp(handle, stream.said)));
    await work(handle);
    const first = client.workflow.getHandle(workflowId, handle.firstExecutionRunId);
    const history = await first.fetchHistory();
    await client.workflow
      .getHandle(workflowId)
      .terminate()
      .catch(() => undefined);
    return history;
  };
  return withWorkers(stream, run, { capabilities: ['control', 'live'] });
}

/** Ways through the workflow of the stream, by what happens on them. */
export const STREAM_WAYS: Record<string, (withWorkers: WithWorkers) => Promise<History>> = {
  'stopped stream': (withWorkers) =>
    historyOf(withWorkers, fakeStream(), async (handle) => {
      await handle.signal(STOP_SIGNAL);
      await handle.result();
    }),

  /** As when its worker is told to end: the producer comes back without having been asked to by the workflow. */
  'stream begun anew': async (withWorkers) => {
    const ended = Promise.withResolvers<void>();
    const stream = fakeStream({
      produce: async (given) => {
        await ended.promise;
        return progressOf(given, 10);
      },
    });
    return historyOf(withWorkers, stream, async (handle) => {
      ended.resolve();
      const runs = () => stream.said.filter((one) => one === 'superviseStream 1').length;
      // The second is of the next run: the first one has closed by then.
      while (runs() < 2) await handle.describe();
    });
  },
};
