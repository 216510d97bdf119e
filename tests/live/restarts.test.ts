import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Stack } from '../../infra/stack.ts';
import type { Installation } from '../installation.ts';
import { LIMIT_MS, LIVE_PARTS, liveInstallation, tell } from './ground.ts';
import { lakeDifferences, nowTotals } from './lake-account.ts';
import { Resident } from './resident.ts';
import { topicTruth } from './topic-truth.ts';
import { until } from './until.ts';

const RATE = 200;

describe('a stream that is ended in every way, under a producer that goes on', () => {
  let installation: Installation;
  let stream: Resident;
  const begin = () => stream.start('--rate', String(RATE), '--trigger', '500');

  /** Records of the lake grow again: the stream has come back, and the producer with it. */
  async function goesOn(): Promise<void> {
    const before = nowTotals(installation.config).records;
    await until('it goes on', () => nowTotals(installation.config).records > before + 2 * RATE, LIMIT_MS);
  }

  beforeAll(async () => {
    installation = await liveInstallation();
    stream = new Resident(() => installation, LIMIT_MS);
    await begin();
    await until('it has begun', () => nowTotals(installation.config).records > 0, LIMIT_MS);
  }, 2 * LIMIT_MS);

  afterAll(async () => {
    await installation?.repriseOrThrow('down');
  });

  test(
    'its JVM is killed',
    async () => {
      const killed = await stream.kill();
      await goesOn();
      expect(await stream.jvm()).not.toBe(killed);
      expect((await stream.view()).stream).toMatchObject({ state: 'runs', attempt: 2 });
    },
    2 * LIMIT_MS,
  );

  test(
    'its worker is killed, and the JVM with it',
    async () => {
      const jvm = await stream.jvm();
      const services = await Stack.look(installation.env).status();
      const worker = services?.find(({ name }) => name === 'worker-live')?.pid;
      process.kill(worker ?? 0, 'SIGKILL');
      await goesOn();
      expect(await stream.jvm()).not.toBe(jvm);
    },
    2 * LIMIT_MS,
  );

  test(
    'it is stopped and started',
    async () => {
      await stream.stop();
      expect(await stream.jvm()).toBeUndefined();
      expect(await stream.behind()).toBe(0n);
      await begin();
      await goesOn();
    },
    2 * LIMIT_MS,
  );

  test(
    'the installation goes down and up: it goes on by itself',
    async () => {
      await installation.repriseOrThrow('down');
      await installation.repriseOrThrow('up', ...LIVE_PARTS);
      await goesOn();
      expect((await stream.view()).state).toBe('running');
    },
    2 * LIMIT_MS,
  );

  test(
    'what has arrived is in the lake once, and counted once',
    async () => {
      await stream.stop();
      const truth = await topicTruth(installation.config);
      tell('restarts', { arrived: truth.records, repeats: truth.repeats });
      expect(await lakeDifferences(installation.config, truth)).toEqual([]);
      expect(nowTotals(installation.config)).toEqual({
        ...{ records: truth.records, valid: truth.records - truth.reasons.size - truth.repeats },
        ...{ quarantined: truth.reasons.size, duplicates: truth.repeats },
      });
    },
    2 * LIMIT_MS,
  );
});
