import type { IHeaders, Kafka, Message, Producer, Transaction } from 'kafkajs';
import type { OffsetRange } from '../contracts/steps.ts';
import { ClientError } from './errors.ts';
import { kafkaError, namedKafka } from './kafka-errors.ts';
import { partitionChooser, partitionCount } from './kafka-partitions.ts';

export interface OutgoingRecord {
  key: Buffer | string | null;
  value: Buffer;
  headers: IHeaders;
}

/** One transaction on one topic, with a closing record on another: all of it is read, or nothing. */
export interface Publication {
  /** Takes a record; true: enough has gathered, `flush` before the next one. */
  add(record: OutgoingRecord): boolean;
  /**
   * Begins to send what has gathered, once the broker has acknowledged what went before: the next records are read and
   * added meanwhile. What the broker refuses is thrown by the next flush, or by `settled`.
   */
  flush(): Promise<void>;
  /** Waits for the last acknowledgement; lowest and highest offset by partition of all that was sent. */
  settled(): Promise<OffsetRange[]>;
  commitWith(topic: string, key: string, value: string): Promise<void>;
  /** Ends the transaction without a trace; nothing happens when it has ended already. */
  abort(): Promise<void>;
  close(): Promise<void>;
}

export interface Publisher {
  /**
   * Begins a transaction. When this returns, an earlier attempt with the same id has been fenced, and what it left open
   * is aborted: whoever now looks for a receipt sees the last word on it.
   */
  begin(topic: string, transactionalId: string): Promise<Publication>;
  /**
   * Ends as aborted what earlier transactions of this id have left open in partitions of the topics, though their
   * coordinator holds them for ended: a broker that is killed between a decision and its markers, and comes back before
   * its old session has run out, never writes them, and readers wait there for ever. Markers concern all that the
   * producer has open in a partition, so a transaction of one empty record in each of them, aborted, takes it away; no
   * reader of committed records sees it. What is published under this id begins anew afterwards.
   */
  release(topics: readonly string[], transactionalId: string): Promise<void>;
}

/** Records a request: proven to be a good size; more only adds memory. */
const BATCH_RECORDS = 5_000;
/** What may gather before it is sent. */
const BATCH_BYTES = 4_000_000;
/** The broker limits the batch that one request brings to one partition to `max.message.bytes` (1 MiB). */
const BATCH_PARTITION_BYTES = 900_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** What a record costs on top of its value: key, headers, lengths. */
const RECORD_OVERHEAD_BYTES = 160;
/** An attempt that was killed holds back readers for at most this long, when no retry comes to fence it. */
const TRANSACTION_TIMEOUT_MS = 300_000;

/**
 * Messages that know their partitions. kafkajs groups what it is given by a `reduce` that copies the group for every
 * message in it: a sixth of the time at this size of a request. This one answers with the groups at once.
 */
class GroupedMessages extends Array<Message> {
  // Arrays that are derived from it are plain ones.
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- the signature of Array's own
  override reduce(): any {
    const groups: Record<number, Message[]> = {};
    for (const message of this) (groups[message.partition ?? 0] ??= []).push(message);
    return groups;
  }
}

const sizeOf = (message: Message): number => (message.value?.length ?? 0) + RECORD_OVERHEAD_BYTES;

/** Requests in which no partition gets more than `limit` bytes; a record that is larger by itself goes alone. */
export function* splitBySize(messages: readonly Message[], limit: number): Generator<Message[]> {
  let request: Message[] = new GroupedMessages();
  let bytes = new Map<number, number>();
  for (const message of messages) {
    const { partition = 0 } = message;
    const size = sizeOf(message);
    const before = bytes.get(partition) ?? 0;
    if (before > 0 && before + size > limit) {
      yield request;
      request = new GroupedMessages();
      bytes = new Map();
    }
    request.push(message);
    bytes.set(partition, (bytes.get(partition) ?? 0) + size);
  }
  if (request.length > 0) yield request;
}

class Ranges {
  private readonly byPartition = new Map<number, { first: bigint; last: bigint }>();

  take(partition: number, base: bigint, count: number): void {
    const last = base + BigInt(count) - 1n;
    const range = this.byPartition.get(partition);
    if (!range) this.byPartition.set(partition, { first: base, last });
    else {
      if (base < range.first) range.first = base;
      if (last > range.last) range.last = last;
    }
  }

  list(): OffsetRange[] {
    return [...this.byPartition]
      .sort(([a], [b]) => a - b)
      .map(([partition, { first, last }]) => ({ partition, first: String(first), last: String(last) }));
  }
}

export function createPublisher(kafka: Kafka): Publisher {
  const producerOf = (transactionalId: string): Producer =>
    kafka.producer({
      transactionalId,
      transactionTimeout: TRANSACTION_TIMEOUT_MS,
      // One request at a time, or a retried batch could overtake the next one.
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
    });
  return {
    begin: (topic, transactionalId) =>
      namedKafka(`begin the transaction ${transactionalId}`, async () => {
        const partitions = await partitionCount(kafka, topic);
        const producer = producerOf(transactionalId);
        await producer.connect();
        try {
          const transaction = await producer.transaction();
          return publication(topic, partitions, transaction, () => producer.disconnect());
        } catch (error) {
          await producer.disconnect();
          throw error;
        }
      }),

    release: (topics, transactionalId) =>
      namedKafka(`release what ${transactionalId} holds`, async () => {
        const topicMessages = await Promise.all(
          topics.map(async (topic) => ({
            topic,
            messages: emptyRecords(await partitionCount(kafka, topic)),
          })),
        );
        const producer = producerOf(transactionalId);
        await producer.connect();
        try {
          const transaction = await producer.transaction();
          await transaction.sendBatch({ topicMessages, acks: -1, timeout: REQUEST_TIMEOUT_MS });
          await transaction.abort();
        } finally {
          await producer.disconnect();
        }
      }),
  };
}

/** One for each partition. A compacted topic wants a key. */
const emptyRecords = (partitions: number): Message[] =>
  Array.from({ length: partitions }, (_, partition) => ({ partition, key: 'release', value: null }));

function publication(
  topic: string,
  partitions: number,
  transaction: Transaction,
  disconnect: () => Promise<void>,
): Publication {
  const choose = partitionChooser(topic, partitions);
  const ranges = new Ranges();
  let pending: Message[] = [];
  let pendingBytes = 0;
  let underWay: Promise<void> = Promise.resolve();

  const send = async (messages: Message[]): Promise<void> => {
    const counts = new Map<number, number>();
    for (const { partition = 0 } of messages) counts.set(partition, (counts.get(partition) ?? 0) + 1);
    const sent = await namedKafka(`send to ${topic}`, () =>
      transaction.send({ topic, messages, acks: -1, timeout: REQUEST_TIMEOUT_MS }),
    );
    for (const { partition, baseOffset } of sent) {
      if (baseOffset === undefined) throw new ClientError('Unavailable', 'kafka: the broker named no offset');
      ranges.take(partition, BigInt(baseOffset), counts.get(partition) ?? 0);
    }
  };

  const sendAll = async (messages: readonly Message[]): Promise<void> => {
    for (const request of splitBySize(messages, BATCH_PARTITION_BYTES)) await send(request);
  };

  return {
    add(record) {
      const message: Message = { ...record };
      message.partition = choose(message);
      pending.push(message);
      pendingBytes += sizeOf(message);
      return pending.length >= BATCH_RECORDS || pendingBytes >= BATCH_BYTES;
    },
    async flush() {
      await underWay;
      const messages = pending;
      pending = [];
      pendingBytes = 0;
      underWay = sendAll(messages);
      // Thrown where it is waited for; until then nobody is to call it unhandled.
      underWay.catch(() => undefined);
    },
    async settled() {
      await underWay;
      return ranges.list();
    },
    commitWith: (receiptsTopic, key, value) =>
      namedKafka(`commit to ${topic}`, async () => {
        await underWay;
        await transaction.send({
          topic: receiptsTopic,
          messages: [{ key, value }],
          acks: -1,
          timeout: REQUEST_TIMEOUT_MS,
        });
        await transaction.commit();
      }),
    async abort() {
      await underWay.catch(() => undefined);
      if (!transaction.isActive()) return;
      try {
        await transaction.abort();
      } catch (error) {
        throw kafkaError(`abort what was sent to ${topic}`, error);
      }
    },
    close: disconnect,
  };
}
