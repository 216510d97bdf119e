import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { windowIdHolding } from '../../contracts/window.ts';
import type { Installation } from '../installation.ts';
import { generatedRecords } from './events.ts';
import { batchFigures, LIMIT_MS, liveInstallation, nextBatch, tell } from './ground.ts';
import { lakeDifferences, nowTotals } from './lake-account.ts';
import { peakMemory, Resident } from './resident.ts';
import { send } from './sending.ts';
import { topicTruth } from './topic-truth.ts';
import { until } from './until.ts';

const RATE = 200;
const MAX_BATCH = 10_000;
/** A minute at ten times the rate, which comes all at once; and what ten minutes without the stream leave. */
const BURST = RATE * 10 * 60;
const PAUSE = RATE * 600;
/** Of a heap of 1 GB, and of what a JVM has beside it; megabytes. */
const MOST_MEMORY = 1_900;

describe('more than the stream can take at once', () => {
  let installation: Installation;
  let stream: Resident;
  const options = ['--max-batch', String(MAX_BATCH), '--trigger', '500'];
  const records = (seed: number, count: number) => generatedRecords(windowIdHolding(Date.now()), count, seed);

  async function expectBounded(what: string, first: number, sent: number): Promise<void> {
    const seconds = await stream.catchUp();
    const jvm = (await stream.jvm()) ?? 0;
    const figures = batchFigures(installation.config, first);
    const memory_mb = peakMemory(jvm);
    tell(what, { sent, ...figures, seconds_until_lag_zero: Math.round(seconds), memory_mb });
    expect(figures.records).toBeGreaterThanOrEqual(sent);
    expect(figures.batches).toBeGreaterThanOrEqual(sent / MAX_BATCH);
    // Spark rounds each partition's share up.
    expect(figures.largest).toBeLessThanOrEqual(MAX_BATCH + installation.config.kafka.partitions);
    expect(memory_mb).toBeGreaterThan(100);
    expect(memory_mb).toBeLessThan(MOST_MEMORY);
    // It has not been started again on the way.
    expect((await stream.view()).stream).toMatchObject({ state: 'runs', attempt: 1 });
  }

  beforeAll(async () => {
    installation = await liveInstallation();
    stream = new Resident(() => installation, LIMIT_MS);
  }, 2 * LIMIT_MS);

  afterAll(async () => {
    await installation?.repriseOrThrow('down');
  });

  test(
    'a minute of ten times the rate beside the producer',
    async () => {
      await stream.start('--rate', String(RATE), ...options);
      await until('it has begun', () => nowTotals(installation.config).records > 0, LIMIT_MS);
      const next = nextBatch(installation.config);
      await send(installation.config, await records(101, BURST));
      await expectBounded('burst', next, BURST);
      await stream.stop();
      expect(await stream.behind()).toBe(0n);
    },
    2 * LIMIT_MS,
  );

  test(
    'what ten minutes without the stream have left',
    async () => {
      const next = nextBatch(installation.config);
      await send(installation.config, await records(102, PAUSE));
      expect(await stream.behind()).toBe(BigInt(PAUSE));
      await stream.start('--no-producer', ...options);
      await expectBounded('pause', next, PAUSE);
      await stream.stop();
    },
    2 * LIMIT_MS,
  );

  test(
    'nothing of it is lost or doubled',
    async () => {
      const truth = await topicTruth(installation.config);
      expect(truth.records).toBeGreaterThanOrEqual(BURST + PAUSE);
      tell('bursts', { arrived: truth.records, set_aside: truth.reasons.size + truth.repeats });
      expect(await lakeDifferences(installation.config, truth)).toEqual([]);
      expect(nowTotals(installation.config).records).toBe(truth.records);
    },
    2 * LIMIT_MS,
  );
});
