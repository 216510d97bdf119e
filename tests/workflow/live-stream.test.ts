import { randomUUID } from 'node:crypto';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import {
  LIVE_STATUS_QUERY,
  LIVE_STREAM_WORKFLOW,
  type LiveStatus,
  type LiveStreamResult,
  STOP_SIGNAL,
} from '../../contracts/live.ts';
import { type Capability, TASK_QUEUES } from '../../contracts/task-queues.ts';
import { crash, fakeStream, LIVE_INPUT, POSITION, progressOf, untilAsked } from './fake-stream.ts';
import { failureOf, temporalServer } from './harness.ts';

const { serve, withWorkers: withAllWorkers } = temporalServer();

function withWorkers<T>(
  stream: ReturnType<typeof fakeStream>,
  work: (client: Client) => Promise<T>,
  capabilities: Capability[] = ['control', 'live'],
): Promise<T> {
  return withAllWorkers(stream, work, { capabilities });
}

const begin = (client: Client, given: unknown = LIVE_INPUT): Promise<WorkflowHandle> =>
  client.workflow.start(LIVE_STREAM_WORKFLOW, {
    workflowId: `live-${randomUUID()}`,
    taskQueue: TASK_QUEUES.control,
    args: [given],
  });
const statusOf = (handle: WorkflowHandle): Promise<LiveStatus> => handle.query(LIVE_STATUS_QUERY);
const resultOf = (handle: WorkflowHandle): Promise<LiveStreamResult> =>
  handle.result() as Promise<LiveStreamResult>;

const within = { timeout: 20_000 };

describe('a stream that is stopped', () => {
  it('has its catalogue first, then runs; its producer ends before it does', async () => {
    const stream = fakeStream();
    await withWorkers(stream, async (client) => {
      const handle = await begin(client);
      await expect.poll(() => stream.said, within).toContain('produce 1');
      await expect.poll(() => stream.said, within).toContain('superviseStream 1');
      expect(await statusOf(handle)).toMatchObject({
        phase: 'running',
        producer: 'running',
        input: LIVE_INPUT,
      });
      await handle.signal(STOP_SIGNAL);
      expect(await resultOf(handle)).toMatchObject({
        producer: { sent: 10 },
        position: POSITION,
        failure: null,
      });
    });
    expect(stream.said.slice(0, 2)).toEqual(['writeCatalogue 1', 'writeCatalogue ended']);
    expect(stream.said.slice(-2)).toEqual(['produce ended', 'superviseStream ended']);
  });

  it('runs without a producer when others write', async () => {
    const stream = fakeStream();
    await withWorkers(stream, async (client) => {
      const handle = await begin(client, { ...LIVE_INPUT, producer: null });
      await expect.poll(() => stream.said, within).toContain('superviseStream 1');
      expect(await statusOf(handle)).toMatchObject({ phase: 'running', producer: 'none' });
      await handle.signal(STOP_SIGNAL);
      expect(await resultOf(handle)).toMatchObject({ producer: null, position: POSITION });
    });
    expect(stream.said).toEqual(['superviseStream 1', 'superviseStream ended']);
  });

  it('need not wait for a catalogue that cannot be written', async () => {
    const stream = fakeStream({
      writeCatalogue: async () => {
        throw crash('the store is away');
      },
    });
    await withWorkers(stream, async (client) => {
      const handle = await begin(client);
      await expect.poll(() => stream.said, within).toContain('writeCatalogue 2');
      await handle.signal(STOP_SIGNAL);
      expect(await resultOf(handle)).toMatchObject({ position: null, failure: null });
    });
    expect(stream.said.filter((one) => !one.startsWith('writeCatalogue'))).toEqual([]);
  });

  it('is stopped although its last commit fails, and says so', async () => {
    const stream = fakeStream({
      superviseStream: async () => {
        await untilAsked();
        throw crash('killed');
      },
    });
    await withWorkers(stream, async (client) => {
      const handle = await begin(client);
      await expect.poll(() => stream.said, within).toContain('superviseStream 1');
      await handle.signal(STOP_SIGNAL);
      expect(await resultOf(handle)).toMatchObject({ position: null, failure: 'SubprocessFailed: killed' });
    });
    expect(stream.said.at(-1)).toBe('superviseStream ended');
  });

  it('ends in the same order when its workflow is cancelled', async () => {
    const stream = fakeStream();
    await withWorkers(stream, async (client) => {
      const handle = await begin(client);
      await expect.poll(() => stream.said, within).toContain('produce 1');
      await expect.poll(() => stream.said, within).toContain('superviseStream 1');
      await handle.cancel();
      await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError);
      expect((await handle.describe()).status.name).toBe('CANCELLED');
    });
    expect(stream.said.slice(-2)).toEqual(['produce ended', 'superviseStream ended']);
  });
});

describe('a stream that crashes', () => {
  it('is started again, more often than any step is tried, while the producer goes on', async () => {
    let crashes = 0;
    const stream = fakeStream({
      superviseStream: async () => {
        if (++crashes <= 12) throw crash('killed');
        await untilAsked();
        return POSITION;
      },
    });
    await withWorkers(stream, async (client) => {
      const handle = await begin(client);
      await expect.poll(() => stream.said, { timeout: 40_000 }).toContain('superviseStream 13');
      await handle.signal(STOP_SIGNAL);
      expect(await resultOf(handle)).toMatchObject({ position: POSITION });
      const { events = [] } = await handle.fetchHistory();
      // Attempts are no part of the history: it does not grow with them.
      expect(events?.length).toBeLessThan(40);
    });
    expect(stream.said.filter((one) => one.startsWith('produce'))).toEqual(['produce 1', 'produce ended']);
  });

  it('has failed when it can never run; the producer is ended then', async () => {
    const stream = fakeStream({
      superviseStream: async () => {
        throw ApplicationFailure.nonRetryable('the job is not there', 'Misconfigured');
      },
    });
    const failure = await withWorkers(stream, async (client) => failureOf((await begin(client)).result()));
    expect(failure).toMatchObject({ type: 'Misconfigured', message: 'the job is not there' });
    expect(stream.said.filter((one) => one.startsWith('produce'))).toEqual(['produce 1', 'produce ended']);
  });
});

describe('a producer', () => {
  it('that can never run leaves the stream alone', async () => {
    const stream = fakeStream({
      produce: async () => {
        throw ApplicationFailure.nonRetryable('no such year', 'InvalidInput');
      },
    });
    await withWorkers(stream, async (client) => {
      const handle = await begin(client);
      await expect.poll(async () => (await statusOf(handle)).producer, within).toBe('failed');
      expect(await statusOf(handle)).toMatchObject({
        phase: 'running',
        producer_failure: 'InvalidInput: no such year',
      });
      await handle.signal(STOP_SIGNAL);
      expect(await resultOf(handle)).toMatchObject({ position: POSITION });
    });
  });
});

describe('a worker that ends what it runs in good order', () => {
  it('makes the workflow begin anew where it was, with a short history', async () => {
    const told: unknown[] = [];
    const stream = fakeStream({
      produce: async (input) => {
        told.push([input.clock, input.progress?.sent ?? null]);
        await untilAsked();
        return progressOf(input, 10);
      },
    });
    await withWorkers(
      stream,
      async (client) => {
        const handle = await begin(client);
        for (const run of [1, 2, 3]) {
          const stop = await serve('live', stream);
          await expect.poll(() => told.length, within).toBe(run);
          await expect
            .poll(() => stream.said.filter((one) => one === 'superviseStream 1').length, within)
            .toBe(run);
          if (run === 3) {
            await handle.signal(STOP_SIGNAL);
            expect(await resultOf(handle)).toMatchObject({ producer: { sent: 30 } });
          }
          await stop();
        }
        const { events = [] } = await handle.fetchHistory();
        expect(events?.length).toBeLessThan(40);
      },
      ['control'],
    );
    const [first] = told as [[unknown, unknown]];
    expect(told).toEqual([
      [first[0], null],
      [first[0], 10],
      [first[0], 20],
    ]);
    expect(stream.said.filter((one) => one === 'writeCatalogue 1').length).toBe(1);
  });
});

it('refuses what is no stream', async () => {
  const given = { ...LIVE_INPUT, trigger_ms: 0 };
  const failure = await withWorkers(fakeStream(), async (client) =>
    failureOf((await begin(client, given)).result()),
  );
  expect(failure).toMatchObject({ type: 'InvalidInput', nonRetryable: true });
  expect(failure.message).toContain('trigger_ms');
});
