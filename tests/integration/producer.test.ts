import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomInt } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createProduceActivities, type ProduceInput } from '../../activities/live/produce.ts';
import { createKafka } from '../../clients/kafka.ts';
import { createLiveSender } from '../../clients/kafka-live-sender.ts';
import { createLogReader, type LogRecord } from '../../clients/kafka-log.ts';
import { createObjectStore } from '../../clients/object-store.ts';
import { recordKey } from '../../contracts/classify.ts';
import { liveKeys, type ProducerProgress } from '../../contracts/live.ts';
import { EVENTS_TOPIC, HEADERS } from '../../contracts/topics.ts';
import { catalogueLines } from '../../generator/catalogue/catalogue-lines.ts';
import { generateShard } from '../../generator/generate.ts';
import { config } from './harness.ts';

const START = Date.parse('2026-01-05T08:30:00Z');

let scratch = '';
beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'reprise-producer-'));
});
afterEach(() => rm(scratch, { recursive: true, force: true }));

const kafka = () => createKafka({ brokers: config().kafka.brokers, clientId: 'reprise-tests' });

/** Sends to the real broker, in a time that passes as fast as it can, until `isOver`. */
function producer(isOver: (sent: readonly string[]) => boolean, said?: ProducerProgress) {
  const sent: string[] = [];
  const environment = new MockActivityEnvironment({ heartbeatDetails: said });
  let now = START + (said ? said.position - START : 0);
  const activities = createProduceActivities({
    store: createObjectStore(config().objectStore),
    tracksUntil: () => [0, 1, 2],
    catalogue: catalogueLines,
    generator: { shard: generateShard },
    sender: async () => {
      const sender = await createLiveSender(kafka(), EVENTS_TOPIC);
      return {
        ...sender,
        async send(records) {
          await sender.send(records);
          for (const { value } of records) sent.push(value.toString('latin1'));
          if (isOver(sent)) environment.cancel('CANCELLED');
        },
      };
    },
    scratch,
    time: {
      now: () => now,
      wait: async (ms) => {
        now += ms;
      },
    },
  });
  const run = <I, O>(activity: (input: I) => Promise<O>, input: I) =>
    environment.run<[I], O, typeof activity>(activity, input);
  return { sent, run, activities };
}

/** What has come into the topic since then and is among those records, by partition and in order. */
async function arrived(sinceMs: number, wanted: ReadonlySet<string>): Promise<LogRecord[]> {
  const log = createLogReader(kafka(), EVENTS_TOPIC);
  const found: LogRecord[] = [];
  const ranges = await log.rangesBetween(sinceMs, Date.now() + 60_000);
  const take = (records: LogRecord[]): boolean => {
    found.push(...records.filter(({ value }) => value !== null && wanted.has(value.toString('latin1'))));
    return true;
  };
  await log.read(ranges, take, AbortSignal.timeout(120_000));
  return found;
}

describe('the producer', () => {
  test('brings every record to the broker, a listener’s in one partition and in order; after a crash some twice', async () => {
    // A seed of its own: tests share the topic.
    const request = { rate: 50, speed: 1, seed: randomInt(1_000_000_000) };
    const clock = { real_start_ms: START, simulated_start_ms: START, speed: 1 };
    const input: ProduceInput = { producer: request, clock, progress: null };
    const sinceMs = Date.now() - 60_000;
    const first = producer((sent) => sent.length > 6_000);
    const progress = await first.run(first.activities.produce, input);
    expect(progress.sent).toBe(first.sent.length);

    const wanted = new Set(first.sent);
    const found = await arrived(sinceMs, wanted);
    expect(found.map(({ value }) => value?.toString('latin1')).toSorted()).toEqual(first.sent.toSorted());
    expect(found.every((record) => !record.has(HEADERS.window))).toBe(true);
    const partitions = new Map<string, number>();
    for (const { value, partition } of found) {
      const key = recordKey(value?.toString('latin1') ?? '') ?? '';
      if (key === '') continue;
      expect(partitions.get(key) ?? partition).toBe(partition);
      partitions.set(key, partition);
    }
    expect(new Set(partitions.values()).size).toBeGreaterThan(1);
    for (const one of new Set(partitions.values())) {
      const inOrder = found
        .filter(({ partition }) => partition === one)
        .map(({ value }) => value?.toString('latin1'));
      const places = new Set(inOrder);
      expect(inOrder).toEqual(first.sent.filter((record) => places.has(record)));
    }

    // As an attempt that ended before its last heartbeats went out.
    const said = { ...progress, position: progress.position - 10_000 };
    const second = producer((sent) => sent.length > 1_500, said);
    await second.run(second.activities.produce, input);
    const all = await arrived(sinceMs, new Set([...first.sent, ...second.sent]));
    expect(all.length).toBe(first.sent.length + second.sent.length);
    // It begins at a record that was sent before, and sends all from there on in the same order. By whole runs: what is
    // repeated on purpose stands in several places.
    const from = first.sent.findIndex((_, start) =>
      first.sent.slice(start).every((record, place) => record === second.sent[place]),
    );
    expect(from).toBeGreaterThan(0);
    expect(from).toBeLessThan(first.sent.length - 100);
  });

  test('leaves a catalogue that can be told from the one before it', async () => {
    const store = createObjectStore(config().objectStore);
    const { run, activities } = producer(() => false);
    await run(activities.writeCatalogue, { seed: 1, at_ms: START });
    const before = await store.etag(liveKeys.catalogue);
    await run(activities.writeCatalogue, { seed: 1, at_ms: START });
    expect(await store.etag(liveKeys.catalogue)).toBe(before);
    await run(activities.writeCatalogue, { seed: 2, at_ms: START });
    expect(await store.etag(liveKeys.catalogue)).not.toBe(before);
    expect(await store.etag('live/no-such-object')).toBeUndefined();
  });
});
