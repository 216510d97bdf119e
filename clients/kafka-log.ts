import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer, EachBatchPayload, Kafka, RecordMetadata } from 'kafkajs';
import { ClientError } from './errors.ts';
import { kafkaError, namedKafka } from './kafka-errors.ts';

/** Offsets `[first, end)` of one partition. */
export interface LogRange {
  partition: number;
  first: bigint;
  end: bigint;
}

/** A record as it lies in the log. */
export interface LogRecord {
  partition: number;
  offset: string;
  /** Of the record; on a topic of `LogAppendTime` the broker's own. Milliseconds since the epoch. */
  timestampMs: number;
  /** Null: a tombstone. */
  value: Buffer | null;
  /** Whether a header of that name stands on it. */
  has(header: string): boolean;
}

/** What a client tells while it waits. */
export interface Watch {
  signal: AbortSignal;
  note(details: Record<string, unknown>): void;
}

/** One topic, read by offset. */
export interface LogReader {
  /**
   * Waits until nothing can appear in the log any more that arrived before `endMs`: the broker's clock is past it, and every
   * transaction that was begun before has ended. Leaves a record without a value in each partition.
   * @param headers of those records, by which others pass them over
   * @throws ClientError TimedOut when somebody leaves a transaction open
   */
  closeAt(endMs: number, headers: Record<string, string>, watch: Watch): Promise<void>;
  /**
   * By partition, the offsets between the first record from `startMs` on and the first from `endMs` on. What belongs to a
   * transaction that is still open, or comes after it, is not seen.
   */
  rangesBetween(startMs: number, endMs: number): Promise<LogRange[]>;
  /**
   * Hands over the committed records of the ranges, partition by partition and in the order of their offsets; `take` says
   * whether it wants more. No offset is passed over: what is not handed over was given up, or is a transaction's marker.
   * @throws ClientError TimedOut when nothing comes for too long
   */
  read(
    ranges: readonly LogRange[],
    take: (records: LogRecord[]) => boolean | Promise<boolean>,
    signal: AbortSignal,
  ): Promise<void>;
}

/** Nothing that is read is held back by a transaction: only a broker that does not answer is as slow. */
const PATIENCE_MS = 90_000;
/** A publication that was killed is given up by the broker after five minutes. */
const TRANSACTIONS_MS = 330_000;
const LOOK_EVERY_MS = 250;
const FETCH_BYTES = 4_000_000;

export function createLogReader(kafka: Kafka, topic: string): LogReader {
  return {
    closeAt: (endMs, headers, watch) =>
      namedKafka(`wait for the transactions of ${topic}`, () =>
        closeLog(kafka, topic, endMs, headers, watch),
      ),
    rangesBetween: (startMs, endMs) =>
      namedKafka(`look up the offsets of ${topic} by time`, async () => {
        const admin = kafka.admin();
        await admin.connect();
        try {
          // Where nothing is as late, Kafka names no offset, and kafkajs the end of what can be read.
          const ends = await admin.fetchTopicOffsetsByTimestamp(topic, endMs);
          const firsts = new Map(
            (await admin.fetchTopicOffsetsByTimestamp(topic, startMs)).map(({ partition, offset }) => [
              partition,
              BigInt(offset),
            ]),
          );
          return ends
            .map(({ partition, offset }) => {
              const end = BigInt(offset);
              const first = firsts.get(partition) ?? end;
              return { partition, first: first < end ? first : end, end };
            })
            .sort((one, other) => one.partition - other.partition);
        } finally {
          await admin.disconnect();
        }
      }),
    read: (ranges, take, signal) => readRanges(kafka, topic, ranges, take, signal),
  };
}

async function closeLog(
  kafka: Kafka,
  topic: string,
  endMs: number,
  headers: Record<string, string>,
  { signal, note }: Watch,
): Promise<void> {
  const admin = kafka.admin();
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  try {
    await Promise.all([admin.connect(), producer.connect()]);
    const partitions = (await admin.fetchTopicOffsets(topic)).map(({ partition }) => partition);
    const messages = partitions.map((partition) => ({ partition, value: null, headers }));
    let marks: RecordMetadata[];
    for (;;) {
      marks = await producer.send({ topic, acks: -1, messages });
      // -1 on a topic whose records bring their time along.
      const times = marks
        .map(({ logAppendTime = '-1' }) => Number(logAppendTime))
        .filter((time) => time >= 0);
      const leftMs = endMs - Math.min(endMs, ...times);
      if (leftMs <= 0) break;
      await sleep(leftMs, undefined, { signal });
    }
    for (const deadline = performance.now() + TRANSACTIONS_MS; ; ) {
      // The end of what can be read, and not of the log: behind it the first transaction that is open begins.
      const ends = new Map(
        (await admin.fetchTopicOffsets(topic)).map(({ partition, offset }) => [partition, BigInt(offset)]),
      );
      const held = marks.filter(
        ({ partition, baseOffset = '0' }) => (ends.get(partition) ?? 0n) <= BigInt(baseOffset),
      );
      if (held.length === 0) return;
      if (performance.now() > deadline)
        throw new ClientError('TimedOut', `kafka: a transaction on ${topic} stays open`);
      note({ waits_for: 'open transactions', partitions: held.map(({ partition }) => partition) });
      await sleep(LOOK_EVERY_MS, undefined, { signal });
    }
  } finally {
    await Promise.all([admin.disconnect(), producer.disconnect()]);
  }
}

type Take = Parameters<LogReader['read']>[1];

async function readRanges(
  kafka: Kafka,
  topic: string,
  ranges: readonly LogRange[],
  take: Take,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const waiting = ranges
    .filter(({ first, end }) => first < end)
    .toSorted((one, other) => one.partition - other.partition);
  if (waiting.length === 0) return;
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();
  // Without a listener an early rejection would end the process.
  done.catch(() => undefined);
  let ended = false;
  const consumer = kafka.consumer({
    groupId: `reprise-log-${randomUUID()}`,
    readUncommitted: false,
    maxWaitTimeInMs: 200,
    maxBytesPerPartition: FETCH_BYTES,
    allowAutoTopicCreation: false,
    retry: { retries: 5, restartOnFailure: () => Promise.resolve(!ended) },
  });
  let patience: NodeJS.Timeout | undefined;
  const heard = (): void => {
    clearTimeout(patience);
    patience = setTimeout(
      () => reject(new ClientError('TimedOut', `kafka: ${topic} could not be read to the end of the range`)),
      PATIENCE_MS,
    );
  };
  const progress = new RangeProgress(consumer, topic, waiting, heard, resolve);
  const cancelled = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', cancelled, { once: true });
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart) reject(kafkaError(`read ${topic}`, payload.error));
  });
  // The only word of a batch of nothing but markers and given-up records: it is not handed out.
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
    if (payload.batchSize === 0) progress.passed(payload);
  });
  try {
    heard();
    await namedKafka(`read ${topic}`, async () => {
      await consumer.connect();
      await consumer.subscribe({ topics: [topic], fromBeginning: false });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: async (payload) => {
          try {
            if (!(await progress.taken(payload, take))) resolve();
          } catch (error) {
            reject(error);
          }
        },
      });
      progress.begin(ranges);
    });
    await done;
  } finally {
    ended = true;
    clearTimeout(patience);
    signal.removeEventListener('abort', cancelled);
    await consumer.disconnect().catch(() => undefined);
  }
}

/** A batch: its first and last offset, what is not handed out included. */
interface Passed {
  partition: number;
  firstOffset: string | null;
  lastOffset: string;
}

/** One partition is read at a time; the others are paused. */
class RangeProgress {
  private readonly consumer: Consumer;
  private readonly topic: string;
  private readonly waiting: LogRange[];
  private readonly heard: () => void;
  private readonly atEnd: () => void;
  /** The next offset of the partition that is being read: those of a topic that is not compacted have no gaps. */
  private next: bigint;

  constructor(consumer: Consumer, topic: string, waiting: LogRange[], heard: () => void, atEnd: () => void) {
    this.consumer = consumer;
    this.topic = topic;
    this.waiting = waiting;
    this.heard = heard;
    this.atEnd = atEnd;
    this.next = waiting[0]?.first ?? 0n;
  }

  begin(all: readonly LogRange[]): void {
    const partitions = all.map(({ partition }) => partition);
    this.consumer.pause([{ topic: this.topic, partitions }]);
    this.turnTo();
  }

  /** @returns whether more is wanted */
  async taken({ batch, isStale, resolveOffset, heartbeat }: EachBatchPayload, take: Take): Promise<boolean> {
    const { partition } = batch;
    const [firstOffset, lastOffset] = [batch.firstOffset(), batch.lastOffset()];
    const range = this.turn(partition, firstOffset);
    if (!range || isStale()) return true;
    const records = batch.messages
      .filter(({ offset }) => BigInt(offset) < range.end)
      .map(({ offset, timestamp, value, headers }) => ({
        ...{ partition, offset, timestampMs: Number(timestamp), value },
        has: (header: string) => headers?.[header] !== undefined,
      }));
    const wantsMore = records.length === 0 || (await take(records));
    await heartbeat();
    resolveOffset(lastOffset);
    this.passed({ partition, firstOffset, lastOffset });
    return wantsMore;
  }

  passed({ partition, firstOffset, lastOffset }: Passed): void {
    const range = this.turn(partition, firstOffset);
    if (!range) return;
    this.heard();
    this.next = BigInt(lastOffset) + 1n;
    if (this.next < range.end) return;
    this.consumer.pause([{ topic: this.topic, partitions: [partition] }]);
    this.waiting.shift();
    if (this.waiting[0]) this.turnTo();
    else this.atEnd();
  }

  /** The range whose next records these are; undefined for what was under way before the reader was sent there. */
  private turn(partition: number, firstOffset: string | null): LogRange | undefined {
    const [range] = this.waiting;
    const isNext = firstOffset !== null && BigInt(firstOffset) === this.next;
    return range?.partition === partition && isNext ? range : undefined;
  }

  private turnTo(): void {
    const [range] = this.waiting;
    if (!range) return;
    this.next = range.first;
    this.consumer.seek({ topic: this.topic, partition: range.partition, offset: String(range.first) });
    this.consumer.resume([{ topic: this.topic, partitions: [range.partition] }]);
  }
}
