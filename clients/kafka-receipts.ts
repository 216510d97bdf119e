import { randomUUID } from 'node:crypto';
import type { Kafka } from 'kafkajs';
import { ClientError } from './errors.ts';
import { kafkaError, namedKafka } from './kafka-errors.ts';

export interface ReceiptReader {
  /**
   * The newest committed value under each of `wanted` keys. Everything committed before the call is seen.
   * @param patienceMs how long to wait for what an open transaction holds back; a minute unless told otherwise
   * @throws ClientError TimedOut when an open transaction holds the readers back longer
   */
  find(wanted: ReadonlySet<string>, signal: AbortSignal, patienceMs?: number): Promise<Map<string, string>>;
}

/** Longer than a killed attempt's transaction can hold readers back would help nobody: the step is tried again. */
const PATIENCE_MS = 60_000;

/**
 * Reads a compacted topic of one partition from its beginning to its end. The end is found by a probe: kafkajs hands
 * neither transaction markers nor empty batches to the reader, so an offset that equals the end of the log may never
 * be seen. The probe is a tombstone under a key of its own: compaction takes it away.
 */
export function createReceiptReader(kafka: Kafka, topic: string): ReceiptReader {
  return {
    async find(wanted, signal, patienceMs = PATIENCE_MS) {
      signal.throwIfAborted();
      const probe = `probe/${randomUUID()}`;
      let ended = false;
      const consumer = kafka.consumer({
        groupId: `reprise-${probe}`,
        readUncommitted: false,
        maxWaitTimeInMs: 100,
        allowAutoTopicCreation: false,
        // A reader that crashes while it is being ended would be started again afterwards, and read for ever.
        retry: { retries: 5, restartOnFailure: () => Promise.resolve(!ended) },
      });
      const found = new Map<string, string>();
      const { promise: reachedEnd, resolve, reject } = Promise.withResolvers<void>();
      // Without a listener an early rejection would end the process.
      reachedEnd.catch(() => undefined);
      const patience = setTimeout(
        () => reject(new ClientError('TimedOut', heldBack(topic, patienceMs))),
        patienceMs,
      );
      const cancelled = (): void => reject(signal.reason as Error);
      signal.addEventListener('abort', cancelled, { once: true });
      consumer.on(consumer.events.CRASH, ({ payload }) => {
        // A coordinator that is still loading is no reason to give up: kafkajs starts the reader again by itself.
        if (!payload.restart) reject(kafkaError(`read ${topic}`, payload.error));
      });
      try {
        await namedKafka(`read ${topic}`, async () => {
          await sendProbe(kafka, topic, probe);
          await consumer.connect();
          await consumer.subscribe({ topics: [topic], fromBeginning: true });
          await consumer.run({
            autoCommit: false,
            eachBatchAutoResolve: true,
            eachBatch: async ({ batch }) => {
              for (const { key, value } of batch.messages) {
                const name = key?.toString('utf8') ?? '';
                if (name === probe) resolve();
                else if (wanted.has(name)) {
                  if (value) found.set(name, value.toString('utf8'));
                  else found.delete(name);
                }
              }
            },
          });
        });
        await reachedEnd;
        return found;
      } finally {
        ended = true;
        clearTimeout(patience);
        signal.removeEventListener('abort', cancelled);
        await consumer.disconnect().catch(() => undefined);
      }
    },
  };
}

const heldBack = (topic: string, patienceMs: number): string =>
  `kafka: ${topic} could not be read to its end within ${patienceMs / 1_000} s: a transaction is open on it. Its own shard ` +
  'releases it when it is published again: play the window whose publish failed once more (`npx reprise replay --failed`)';

async function sendProbe(kafka: Kafka, topic: string, key: string): Promise<void> {
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  try {
    await producer.send({ topic, acks: -1, messages: [{ key, value: null }] });
  } finally {
    await producer.disconnect();
  }
}
