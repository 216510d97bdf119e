import type { Kafka } from 'kafkajs';
import { namedKafka } from './kafka-errors.ts';
import { partitionChooser, partitionCount } from './kafka-partitions.ts';
import { splitBySize } from './kafka-publisher.ts';

/** Records outside any window and any transaction: each is there once the broker has answered. */
export interface LiveSender {
  send(records: readonly { key: string | null; value: Buffer }[]): Promise<void>;
  close(): Promise<void>;
}

/** Below what the broker takes for one partition in one request (1 MiB). */
const REQUEST_BYTES = 900_000;
const REQUEST_TIMEOUT_MS = 30_000;

export function createLiveSender(kafka: Kafka, topic: string): Promise<LiveSender> {
  return namedKafka(`connect to send to ${topic}`, async () => {
    // What one producer repeats by itself, the broker takes once; and one request at a time keeps a listener's order.
    const producer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
    });
    const choose = partitionChooser(topic, await partitionCount(kafka, topic));
    await producer.connect();
    return {
      send: (records) =>
        namedKafka(`send to ${topic}`, async () => {
          // Chosen here: what is split by size is sent to the partitions that it names.
          const placed = records.map((record) => ({ ...record, partition: choose(record) }));
          for (const messages of splitBySize(placed, REQUEST_BYTES))
            await producer.send({ topic, messages, acks: -1, timeout: REQUEST_TIMEOUT_MS });
        }),
      close: () => producer.disconnect(),
    };
  });
}
