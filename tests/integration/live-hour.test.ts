import type { Kafka } from 'kafkajs';
import { expect, test } from 'vitest';
import { createCountHourActivities } from '../../activities/count-hour.ts';
import { createHourWatchActivities } from '../../activities/hour-watch.ts';
import { createKafka } from '../../clients/kafka.ts';
import { createLogReader } from '../../clients/kafka-log.ts';
import { createPublisher } from '../../clients/kafka-publisher.ts';
import { applyTopics, fetchBounds } from '../../clients/kafka-topics.ts';
import { createObjectStore } from '../../clients/object-store.ts';
import { liveKeys } from '../../contracts/live.ts';
import { RECEIPTS_TOPIC } from '../../contracts/topics.ts';
import { WINDOW_MS, windowIdAt, windowStartMs } from '../../contracts/window.ts';
import { runActivity } from '../unit/activities/run-activity.ts';
import { config, ownName } from './harness.ts';

const kafka = (): Kafka => createKafka({ brokers: config().kafka.brokers, clientId: 'reprise-tests' });

/** Yesterday: neither so old that the log lets go of it nor an hour that the broker's own clock still fills. */
const window = windowIdAt(Math.floor(Date.now() / WINDOW_MS) * WINDOW_MS - 24 * WINDOW_MS);
const startMs = windowStartMs(window);

const liked = (number: number): string =>
  JSON.stringify({
    ...{ event_type: 'track_liked', event_id: `0b1c9d3e-5f27-4a8b-9c6d-${String(number).padStart(12, '0')}` },
    ...{ schema_version: 1, occurred_at: window.replace('Z', ':00Z'), sent_at: window.replace('Z', ':01Z') },
    ...{ listener_id: 'l-1', session_id: 's-1', device: 'mobile', country: 'SE', source: 'client' },
    ...{ track_id: 't-1', context: 'radio' },
  });

/** A topic on which a record says itself when it arrived: no test waits for a full hour. */
async function hourTopic(): Promise<string> {
  const name = `tests.${ownName()}`;
  const config_ = { 'message.timestamp.type': 'CreateTime' };
  await applyTopics(kafka(), [{ name, partitions: 2, config: config_, purpose: 'a test' }], config().kafka);
  return name;
}

async function append(topic: string, records: { partition: number; atMs: number; value: string }[]) {
  const producer = kafka().producer({ allowAutoTopicCreation: false });
  await producer.connect();
  await producer.send({
    topic,
    messages: records.map(({ partition, atMs, value }) => ({ partition, timestamp: String(atMs), value })),
  });
  await producer.disconnect();
}

/** Of a window run: with a header, in a transaction whose marker lies in the log as an offset of its own. */
async function transaction(topic: string, count: number, end: 'commit' | 'abort'): Promise<void> {
  const publication = await createPublisher(kafka()).begin(topic, `tests/${ownName()}`);
  for (let number = 0; number < count; number += 1)
    publication.add({ key: `l-${number}`, value: Buffer.from(liked(number)), headers: { window } });
  await publication.flush();
  if (end === 'commit') await publication.commitWith(RECEIPTS_TOPIC, ownName(), 'a receipt');
  else await publication.abort();
  await publication.close();
}

const signal = AbortSignal.timeout(120_000);
const reader = (topic: string) => createLogReader(kafka(), topic);

test('an hour is the offsets between its bounds, to the millisecond', async () => {
  const topic = await hourTopic();
  const end = startMs + WINDOW_MS;
  const times = [startMs - 1, startMs, end - 1, end, end + 1];
  for (const atMs of times) await append(topic, [{ partition: 1, atMs, value: 'x' }]);
  expect(await reader(topic).rangesBetween(startMs, end)).toEqual([
    { partition: 0, first: 0n, end: 0n },
    { partition: 1, first: 1n, end: 3n },
  ]);
  // Behind the last record there is nothing yet: the range ends with the log.
  expect((await reader(topic).rangesBetween(end, end + WINDOW_MS))[1]).toEqual({
    partition: 1,
    first: 3n,
    end: 5n,
  });
});

test('the log is read without gaps, from an offset to an offset, markers and given-up records passed over', async () => {
  const topic = await hourTopic();
  await append(
    topic,
    [0, 1, 2].map((number) => ({ partition: 0, atMs: startMs, value: String(number) })),
  );
  await transaction(topic, 40, 'abort');
  await append(
    topic,
    [3, 4].map((number) => ({ partition: 0, atMs: startMs, value: String(number) })),
  );
  await transaction(topic, 40, 'commit');
  await reader(topic).closeAt(Date.now(), { window }, { signal, note: () => undefined });
  const ranges = (await fetchBounds(kafka(), topic)).map(({ partition, low, high }) => ({
    ...{ partition, end: high },
    first: partition === 0 ? low + 1n : low,
  }));
  const seen: { partition: number; offset: bigint; value: string; published: boolean }[] = [];
  await reader(topic).read(
    ranges,
    (records) => {
      for (const { partition, offset, value, has } of records)
        seen.push({ partition, offset: BigInt(offset), value: String(value), published: has('window') });
      return true;
    },
    signal,
  );
  // Those of the transaction, and what closing has left in the other partition too.
  expect(seen.filter(({ published, value }) => published && value !== 'null')).toHaveLength(40);
  expect(seen.filter(({ published }) => !published).map(({ value }) => value)).toEqual(['1', '2', '3', '4']);
  const inOrder = seen.toSorted((a, b) => a.partition - b.partition || Number(a.offset - b.offset));
  expect(seen).toEqual(inOrder);
});

test('an hour is counted as the broker holds it, and vouched for', async () => {
  const topic = await hourTopic();
  const end = startMs + WINDOW_MS;
  await append(topic, [
    { partition: 0, atMs: startMs - 1, value: liked(100) },
    { partition: 1, atMs: startMs - 1, value: liked(101) },
  ]);
  await append(
    topic,
    Array.from({ length: 500 }, (_, at) => ({
      ...{ partition: at % 2, atMs: startMs + at * 1_000 },
      value: at % 100 === 99 ? 'poison' : liked(at % 300),
    })),
  );
  await append(topic, [{ partition: 0, atMs: end, value: liked(102) }]);
  const store = createObjectStore(config().objectStore);
  const log = reader(topic);
  const bounds = () => fetchBounds(kafka(), topic);
  const { countHour } = createCountHourActivities({ store, log, bounds });
  const { vouchForHour } = createHourWatchActivities({ store, log, bounds, stream: async () => undefined });
  const { ledger, live } = await runActivity(countHour, { window });
  expect(ledger).toMatchObject({
    arrived: { total: 500 },
    valid: { total: 297, by_type: { track_liked: 297 } },
    quarantined: { total: 5, by_reason: { malformed_json: 5 } },
    duplicates: { total: 198 },
  });
  const asked = { window, receipt_digest: live.receipt_digest };
  expect(await runActivity(vouchForHour, asked)).toMatchObject({
    receipts: { digests: [live.receipt_digest] },
  });
  expect(await store.exists(liveKeys.hour(window))).toBe(true);
  await store.remove([liveKeys.hour(window)]);
});

test('what a transaction brings that ends after the hour is counted in it, and waited for', async () => {
  const topic = await hourTopic();
  const publication = await createPublisher(kafka()).begin(topic, `tests/${ownName()}`);
  for (let number = 0; number < 20; number += 1)
    publication.add({ key: `l-${number}`, value: Buffer.from(liked(number)), headers: {} });
  await publication.flush();
  await publication.settled();
  const endMs = Date.now();
  const held: unknown[] = [];
  const waiting = Promise.withResolvers<void>();
  const closing = reader(topic).closeAt(
    endMs,
    { window },
    {
      signal,
      note: (details) => {
        held.push(details);
        waiting.resolve();
      },
    },
  );
  await waiting.promise;
  await publication.commitWith(RECEIPTS_TOPIC, ownName(), 'a receipt');
  await closing;
  await publication.close();
  expect(held.length).toBeGreaterThan(0);
  const ranges = await reader(topic).rangesBetween(startMs, endMs + WINDOW_MS);
  let records = 0;
  await reader(topic).read(
    ranges,
    (some) => {
      records += some.filter(({ has }) => !has('window')).length;
      return true;
    },
    signal,
  );
  expect(records).toBe(20);
});
