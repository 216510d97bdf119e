import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createProduceActivities, type ProduceInput } from '../../../../activities/live/produce.ts';
import { ClientError } from '../../../../clients/errors.ts';
import { liveKeys, type ProducerProgress } from '../../../../contracts/live.ts';
import { generateShard } from '../../../../generator/generate.ts';
import { memoryStore } from '../../../workflow/memory-store.ts';
import { runActivity } from '../run-activity.ts';

const START = Date.parse('2026-01-05T08:50:00Z');

let scratch = '';
beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'reprise-produce-'));
});
afterEach(() => rm(scratch, { recursive: true, force: true }));

const input = (speed = 60, rate = 20): ProduceInput => ({
  producer: { rate, speed, seed: 2 },
  clock: { real_start_ms: START, simulated_start_ms: START, speed },
  progress: null,
});

/** A world in which time passes only while somebody waits; it ends when `isOver` says so. */
function world(
  isOver: (sent: readonly string[], now: number) => boolean,
  startMs = START,
  heartbeatDetails?: ProducerProgress,
  isBroken: (sent: readonly string[]) => boolean = () => false,
) {
  let now = startMs;
  const sent: string[] = [];
  const at: number[] = [];
  const store = memoryStore();
  const environment = new MockActivityEnvironment({ heartbeatDetails });
  const activities = createProduceActivities({
    store,
    tracksUntil: (day) => [day],
    catalogue: (_, tracks) => [...tracks].map((track) => `${track}\n`),
    generator: { shard: generateShard },
    sender: async () => ({
      send: async (records) => {
        if (isBroken(sent)) throw new ClientError('Unavailable', 'kafka: no broker');
        for (const { value } of records) {
          sent.push(value.toString('latin1'));
          at.push(now);
        }
        if (isOver(sent, now)) environment.cancel('CANCELLED');
      },
      close: async () => undefined,
    }),
    scratch,
    time: {
      now: () => now,
      wait: async (ms) => {
        now += ms;
        if (isOver(sent, now)) environment.cancel('CANCELLED');
      },
    },
  });
  return {
    ...{ sent, at, store },
    run: (given: ProduceInput) => runActivity(activities.produce, given, environment),
  };
}

const sentAt = (record: string): number => Date.parse(/"sent_at":"([^"]+)"/.exec(record)?.[1] ?? '');

describe('the producer', () => {
  test('sends what is due, hour after hour, at the rate that was asked for, in real time', async () => {
    const { run, sent, at } = world((_, now) => now >= START + 120_000);
    const progress = await run(input());
    // Two hours of the simulated clock, from ten to nine on, in two minutes.
    expect(progress.sent).toBe(sent.length);
    expect(progress.position).toBeGreaterThan(START + 119 * 60_000);
    expect(sent.length).toBeGreaterThan(20 * 120 * 0.3);
    expect(sent.length).toBeLessThan(20 * 120 * 3);
    const known = sent.map((record, place) => [sentAt(record), at[place] ?? 0] as const);
    for (const [said, when] of known.filter(([said]) => !Number.isNaN(said))) {
      expect(said).toBeLessThanOrEqual(when);
      // Some are repeated, or out of order.
      expect(said).toBeGreaterThan(when - 60_000);
    }
    expect(await readdir(scratch)).toEqual([]);
  });

  test('goes on where it was told to end: nothing is left out, and nothing is sent twice', async () => {
    const until = (_: unknown, now: number) => now >= START + 60_000;
    const whole = world(until);
    await whole.run(input());
    const first = world((sent) => sent.length > 300);
    const progress = await first.run(input());
    const second = world(until, first.at.at(-1));
    expect((await second.run({ ...input(), progress })).sent).toBe(whole.sent.length);
    expect([...first.sent, ...second.sent]).toEqual(whole.sent);
  });

  test('fails when the broker is away, and goes on where its last heartbeat was, with the same bytes', async () => {
    const failed = world(
      () => false,
      START,
      undefined,
      (sent) => sent.length > 300,
    );
    await expect(failed.run(input())).rejects.toMatchObject({ type: 'Unavailable', nonRetryable: false });
    expect(await readdir(scratch)).toEqual([]);
    const said = { position: START + 60_000, sent: 7, behind_ms: 0, skipped_ms: 0 };
    const again = world((sent) => sent.length > 300, failed.at.at(-1), said);
    // Of two things that are known the later one counts.
    const progress = await again.run({ ...input(), progress: { ...said, position: START, sent: 3 } });
    expect(progress.sent).toBe(again.sent.length + 7);
    const from = failed.sent.indexOf(again.sent[0] ?? '');
    expect(from).toBeGreaterThan(0);
    const repeated = failed.sent.slice(from);
    expect(again.sent.slice(0, repeated.length)).toEqual(repeated);
  });

  test('passes over what was due while it was away for long', async () => {
    const given = input(1, 50);
    const hour = 3_600_000;
    const { run, sent } = world((_, now) => now >= START + 3 * hour + 10_000, START + 3 * hour);
    const progress = await run({
      ...given,
      progress: { position: START, sent: 5, behind_ms: 0, skipped_ms: 7 },
    });
    expect(progress.skipped_ms).toBe(3 * hour + 7);
    expect(progress.sent).toBe(sent.length + 5);
    expect(sent.length).toBeGreaterThan(50);
    expect(sent.length).toBeLessThan(2_000);
  });

  test('catches up with what was due while it was away for a moment', async () => {
    const given = input(1, 50);
    const { run, sent } = world((_, now) => now >= START + 60_001, START + 60_000);
    const progress = await run({
      ...given,
      progress: { position: START, sent: 1, behind_ms: 0, skipped_ms: 0 },
    });
    expect(progress.skipped_ms).toBe(0);
    expect(progress.behind_ms).toBeLessThan(1_000);
    expect(sent.length).toBeGreaterThan(50 * 60 * 0.3);
  });

  test('has the catalogue written anew before the first hour of a Friday, with the Friday after it', async () => {
    // 2026-01-08 is a Thursday.
    const thursday = Date.parse('2026-01-08T23:55:00Z');
    const clock = { real_start_ms: thursday, simulated_start_ms: thursday, speed: 60 };
    const friday = Date.parse('2026-01-09T00:00:00Z');
    let before: string | undefined;
    const { run, store, sent } = world((_, now) => now >= thursday + 10_000, thursday);
    await run({ ...input(), clock });
    before = store.objects.get(liveKeys.catalogue);
    expect(sent.length).toBeGreaterThan(0);
    expect(before).toBe(`${friday / 86_400_000 + 7}\n`);
  });

  test('ends for good when the simulated years are over', async () => {
    const end = Date.parse('2097-01-01T00:30:00Z');
    const clock = { real_start_ms: end, simulated_start_ms: end, speed: 60 };
    await expect(world(() => false, end).run({ ...input(), clock })).rejects.toMatchObject({
      type: 'InvalidInput',
      nonRetryable: true,
    });
  });
});
