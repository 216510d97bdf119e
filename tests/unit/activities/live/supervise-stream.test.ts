import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createSuperviseActivities } from '../../../../activities/live/supervise-stream.ts';
import { ClientError } from '../../../../clients/errors.ts';
import type { PartitionBounds } from '../../../../clients/kafka-topics.ts';
import type { SparkJob } from '../../../../clients/spark-submit.ts';
import { liveKeys, type StreamProgress, StreamSpec } from '../../../../contracts/live.ts';
import { memoryStore } from '../../../workflow/memory-store.ts';
import { runActivity } from '../run-activity.ts';

const WINDOW = '2026-01-05T08:00Z';
const asked = { trigger_ms: 1_000, max_records_per_batch: 500 };

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reprise-supervise-'));
});
afterEach(async () => {
  vi.useRealTimers();
  await rm(folder, { recursive: true, force: true });
});

const line = (batch: number, windows: string[] = []): StreamProgress => ({
  ...{ batch, at: '2026-01-05T08:00:01.000Z', records: 10, valid: 10, quarantined: 0, duplicates: 0 },
  ...{ seconds: 0.5, lag: 0, offsets: { '0': String(batch * 10) }, windows },
});

/** A job that does as it is told, under the activity that is told to end by `environment`. */
function supervised(
  job: (told: SparkJob & { spec: StreamSpec }) => Promise<void>,
  bounds: () => Promise<PartitionBounds[]> = async () => [],
) {
  const store = memoryStore();
  const environment = new MockActivityEnvironment();
  const jobs: StreamSpec[] = [];
  const activities = createSuperviseActivities({
    store,
    submit: {
      run: async (told) => {
        const spec = StreamSpec.parse(JSON.parse(await readFile(told.specFile, 'utf8')));
        jobs.push(spec);
        await job({ ...told, spec });
      },
    },
    lake: {
      catalog: { name: 'lake', uri: 'jdbc:sqlite:x', warehouse: 's3://bucket/lake' },
      s3_endpoint: 'http://127.0.0.1:1',
      namespace: 'listening',
    },
    brokers: ['127.0.0.1:1', '127.0.0.1:2'],
    bounds,
    checkpoint: join(folder, 'live', 'checkpoint'),
    nowFile: join(folder, 'serving', 'live', 'now.sqlite'),
    scratch: join(folder, 'scratch'),
  });
  const run = () => runActivity(activities.superviseStream, asked, environment);
  return { store, environment, jobs, run };
}

/** Ends in good order once its stop file is there. */
async function untilStopped(file: string): Promise<void> {
  while (!existsSync(file)) await new Promise((resolve) => setImmediate(resolve));
}

/** Until the supervisor ends it by force. */
function untilKilled(signal: AbortSignal): Promise<never> {
  const killed = new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason as Error)),
  );
  // It may come before it is waited for.
  killed.catch(() => undefined);
  return killed;
}

describe('a stream that is told to end', () => {
  test('takes what has arrived; how far it came is put down before anybody hears that it has ended', async () => {
    const { store, environment, jobs, run } = supervised(async ({ spec, onProgress }) => {
      onProgress(line(4));
      onProgress(line(5, [WINDOW]));
      environment.cancel('CANCELLED');
      await untilStopped(spec.stop_file);
      onProgress(line(6, [WINDOW]));
    });
    expect(await run()).toEqual({ stream: 'live', batch: 6, at: line(6).at, offsets: { '0': '60' } });
    expect(await store.getJson(liveKeys.position)).toMatchObject({ batch: 6, offsets: { '0': '60' } });
    expect(await store.getJson(liveKeys.hour(WINDOW))).toMatchObject({ window: WINDOW, first_batch: 5 });
    const [spec] = jobs;
    expect(spec).toMatchObject({ stream: 'live', ...asked, kafka: { brokers: '127.0.0.1:1,127.0.0.1:2' } });
    expect(existsSync(spec?.checkpoint ?? '')).toBe(true);
    expect(existsSync(join(folder, 'serving', 'live'))).toBe(true);
  });

  test('has not failed when it ends before its first batch', async () => {
    const { environment, run } = supervised(async ({ spec }) => {
      environment.cancel('CANCELLED');
      await untilStopped(spec.stop_file);
    });
    expect(await run()).toBeNull();
  });

  test('is ended by force when it does not say anything any more', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'performance'] });
    const { environment, run } = supervised(async ({ signal, onProgress }) => {
      onProgress(line(1));
      environment.cancel('CANCELLED');
      const killed = untilKilled(signal);
      await vi.advanceTimersByTimeAsync(66_000);
      await killed;
    });
    await expect(run()).rejects.toMatchObject({ type: 'TimedOut' });
  });
});

describe('a stream that ends by itself', () => {
  test('has failed, also with nothing to complain of, and is started again at once when it had worked', async () => {
    const { run } = supervised(async ({ onProgress }) => onProgress(line(1)));
    await expect(run()).rejects.toMatchObject({
      type: 'SubprocessFailed',
      nonRetryable: false,
      nextRetryDelay: 1_000,
    });
  });

  test('leaves the pauses between attempts to the policy when it never came up', async () => {
    const { run } = supervised(async () => {
      throw new ClientError('Unavailable', 'stream: no broker');
    });
    const failure: unknown = await run().catch((error: unknown) => error);
    expect(failure).toMatchObject({ type: 'Unavailable', nonRetryable: false });
    expect(failure).not.toMatchObject({ nextRetryDelay: expect.anything() });
  });

  test('is not started again when it says what this version cannot read', async () => {
    const { run } = supervised(async ({ signal, onProgress }) => {
      const killed = untilKilled(signal);
      onProgress({ batch: 'one' });
      await killed;
    });
    await expect(run()).rejects.toMatchObject({ type: 'ContractViolation', nonRetryable: true });
  });
});

describe('a stream that is silent', () => {
  const silent = (high: bigint) => {
    vi.useFakeTimers({ toFake: ['setInterval', 'performance'] });
    const { run, environment } = supervised(
      async ({ signal, spec, onProgress }) => {
        onProgress(line(1));
        const killed = untilKilled(signal);
        await vi.advanceTimersByTimeAsync(305_000);
        if (signal.aborted) await killed;
        environment.cancel('CANCELLED');
        await untilStopped(spec.stop_file);
      },
      async () => [{ partition: 0, low: 0n, high }],
    );
    return run();
  };

  test('hangs when there is something to read, and is ended', async () => {
    await expect(silent(11n)).rejects.toMatchObject({
      type: 'TimedOut',
      message: 'the stream hangs: silent for 305 s, with records to read',
      nextRetryDelay: 1_000,
    });
  });

  test('has nothing to say when it has read everything', async () => {
    expect(await silent(10n)).toMatchObject({ batch: 1 });
  });
});

describe('the catalogue', () => {
  test('is there from the start, empty when nobody has written one, and is replaced when there is another', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'performance'] });
    const seen: string[] = [];
    const { environment, run, store } = supervised(async ({ spec }) => {
      for (const written of ['one', 'two', 'two']) {
        seen.push(await readFile(spec.catalogue_file ?? '', 'utf8'));
        store.objects.set(liveKeys.catalogue, written);
        await vi.advanceTimersByTimeAsync(5_000);
        await vi.waitFor(async () => expect(await readFile(spec.catalogue_file ?? '', 'utf8')).toBe(written));
      }
      environment.cancel('CANCELLED');
      await untilStopped(spec.stop_file);
    });
    await run();
    expect(seen).toEqual(['', 'one', 'two']);
  });
});
