import type { Kafka } from 'kafkajs';
import { afterEach, describe, expect, test } from 'vitest';
import { createKafka } from '../../clients/kafka.ts';
import { createPublisher, type Publication } from '../../clients/kafka-publisher.ts';
import { createReceiptReader } from '../../clients/kafka-receipts.ts';
import { applyTopics, fetchBounds } from '../../clients/kafka-topics.ts';
import { EVENTS_TOPIC, RECEIPTS_TOPIC, TOPICS } from '../../contracts/topics.ts';
import { config, ownName } from './harness.ts';
import { leaveOpen } from './left-open.ts';

const kafka = (): Kafka => createKafka({ brokers: config().kafka.brokers, clientId: 'reprise-tests' });
const signal = AbortSignal.timeout(120_000);

const open: Publication[] = [];
async function begin(transactionalId: string): Promise<Publication> {
  const publication = await createPublisher(kafka()).begin(EVENTS_TOPIC, transactionalId);
  open.push(publication);
  return publication;
}
afterEach(async () => {
  for (const publication of open.splice(0)) await publication.close();
});

function addRecords(publication: Publication, window: string, count: number): void {
  for (let index = 0; index < count; index += 1)
    publication.add({
      key: `listener-${index % 50}`,
      value: Buffer.from(`{"window":"${window}","index":${index}}`),
      headers: { window },
    });
}

/** Every record of the window that a careful reader may see. */
async function committedRecords(window: string): Promise<{ partition: number; offset: bigint }[]> {
  const ends = new Map((await fetchBounds(kafka(), EVENTS_TOPIC)).map((one) => [one.partition, one.high]));
  const consumer = kafka().consumer({ groupId: `reprise-tests-${ownName()}`, readUncommitted: false });
  const seen: { partition: number; offset: bigint }[] = [];
  // A marker behind everything in each partition: markers of transactions themselves are not handed out.
  const waiting = new Set(ends.keys());
  const marker = ownName();
  const producer = kafka().producer();
  await producer.connect();
  await producer.send({
    topic: EVENTS_TOPIC,
    messages: [...ends.keys()].map((partition) => ({ partition, key: marker, value: 'end' })),
  });
  await producer.disconnect();
  const { promise: atEnd, resolve } = Promise.withResolvers<void>();
  await consumer.connect();
  await consumer.subscribe({ topics: [EVENTS_TOPIC], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ partition, message }) => {
      if (message.key?.toString() === marker) waiting.delete(partition);
      if (message.headers?.window?.toString() === window)
        seen.push({ partition, offset: BigInt(message.offset) });
      if (waiting.size === 0) resolve();
    },
  });
  await atEnd;
  await consumer.disconnect();
  return seen;
}

describe('topics', () => {
  test('stand as they are declared, and a second application changes nothing', async () => {
    const changes = await applyTopics(kafka(), TOPICS, config().kafka);
    expect(changes).toEqual(TOPICS.map(({ name }) => ({ topic: name, did: 'present', what: [] })));
    expect(await fetchBounds(kafka(), EVENTS_TOPIC)).toHaveLength(config().kafka.partitions);
  });

  test('a declaration that changed is applied, and said', async () => {
    const name = `tests.${ownName()}`;
    const declared = { name, partitions: 1, config: { 'retention.ms': '3600000' }, purpose: 'a test' };
    const apply = (topic: typeof declared) => applyTopics(kafka(), [topic], config().kafka);
    expect(await apply(declared)).toMatchObject([{ did: 'created' }]);
    const changed = { ...declared, partitions: 2, config: { 'retention.ms': '7200000' } };
    expect(await apply(changed)).toEqual([
      { topic: name, did: 'changed', what: ['partitions 1 -> 2', 'retention.ms 3600000 -> 7200000'] },
    ]);
    expect(await apply(changed)).toMatchObject([{ did: 'present' }]);
  });
});

describe('a published shard', () => {
  test('is read whole, within its offset ranges, together with its receipt', async () => {
    const window = ownName();
    const publication = await begin(`publish/${window}`);
    addRecords(publication, window, 700);
    await publication.flush();
    const ranges = await publication.settled();
    await publication.commitWith(RECEIPTS_TOPIC, window, 'the receipt');
    const records = await committedRecords(window);
    expect(records).toHaveLength(700);
    for (const { partition, offset } of records) {
      const range = ranges.find((one) => one.partition === partition);
      expect(offset).toBeGreaterThanOrEqual(BigInt(range?.first ?? 'NaN'));
      expect(offset).toBeLessThanOrEqual(BigInt(range?.last ?? 'NaN'));
    }
    const receipts = await createReceiptReader(kafka(), RECEIPTS_TOPIC).find(
      new Set([window, 'other']),
      signal,
    );
    expect([...receipts]).toEqual([[window, 'the receipt']]);
  });

  test('that was given up leaves no record and no receipt', async () => {
    const window = ownName();
    const publication = await begin(`publish/${window}`);
    addRecords(publication, window, 300);
    await publication.flush();
    await publication.abort();
    expect(await committedRecords(window)).toEqual([]);
    expect(await createReceiptReader(kafka(), RECEIPTS_TOPIC).find(new Set([window]), signal)).toEqual(
      new Map(),
    );
  });

  test('whose sender hangs is taken over: the second attempt counts, the first can do no more', async () => {
    const window = ownName();
    const hanging = await begin(`publish/${window}`);
    addRecords(hanging, window, 200);
    await hanging.flush();
    await hanging.settled();
    const second = await begin(`publish/${window}`);
    addRecords(second, window, 500);
    await second.flush();
    await second.commitWith(RECEIPTS_TOPIC, window, 'the second');
    await expect(hanging.commitWith(RECEIPTS_TOPIC, window, 'the first')).rejects.toMatchObject({
      name: 'ClientError',
    });
    expect(await committedRecords(window)).toHaveLength(500);
    const receipts = await createReceiptReader(kafka(), RECEIPTS_TOPIC).find(new Set([window]), signal);
    expect(receipts.get(window)).toBe('the second');
  });

  test('that a broker has left open for ever is released, and holds nobody back', async () => {
    const window = ownName();
    const id = `publish/${window}`;
    await leaveOpen(kafka(), id, [
      { topic: EVENTS_TOPIC, partition: 0, key: 'l', value: window },
      { topic: RECEIPTS_TOPIC, partition: 0, key: window, value: 'ended, and sent again' },
    ]);
    const receipts = createReceiptReader(kafka(), RECEIPTS_TOPIC);
    // Fencing is of no use: for the coordinator the transaction has ended.
    const before = await begin(id);
    await before.abort();
    await expect(receipts.find(new Set([window]), signal, 1_000)).rejects.toMatchObject({ code: 'TimedOut' });
    await createPublisher(kafka()).release([EVENTS_TOPIC, RECEIPTS_TOPIC], id);
    expect(await receipts.find(new Set([window]), signal)).toEqual(
      new Map([[window, 'ended, and sent again']]),
    );
    const publication = await begin(id);
    addRecords(publication, window, 20);
    await publication.flush();
    await publication.commitWith(RECEIPTS_TOPIC, window, 'the receipt');
    expect(await committedRecords(window)).toHaveLength(20);
  });
});
