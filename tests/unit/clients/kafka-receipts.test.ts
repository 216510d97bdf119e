import type { ConsumerConfig, EachBatchPayload, Kafka } from 'kafkajs';
import { expect, test } from 'vitest';
import { createReceiptReader } from '../../../clients/kafka-receipts.ts';

/** A broker that hands over what was sent to it, and remembers how its reader was configured. */
function broker() {
  const seen: { config?: ConsumerConfig; probe?: string } = {};
  const kafka = {
    producer: () => ({
      connect: async () => undefined,
      send: async ({ messages }: { messages: { key: string }[] }) => {
        seen.probe = messages[0]?.key;
      },
      disconnect: async () => undefined,
    }),
    consumer: (config: ConsumerConfig) => {
      seen.config = config;
      return {
        on: () => () => undefined,
        events: { CRASH: 'consumer.crash' },
        connect: async () => undefined,
        subscribe: async () => undefined,
        run: async ({ eachBatch }: { eachBatch: (payload: EachBatchPayload) => Promise<void> }) => {
          const messages = [
            { key: Buffer.from('a'), value: Buffer.from('1') },
            { key: Buffer.from('a'), value: Buffer.from('2') },
            { key: Buffer.from(seen.probe ?? ''), value: null },
          ];
          await eachBatch({ batch: { messages } } as unknown as EachBatchPayload);
        },
        disconnect: async () => undefined,
      };
    },
  } as unknown as Kafka;
  const mayRestart = async (): Promise<boolean | undefined> =>
    seen.config?.retry?.restartOnFailure?.(new Error('no broker'));
  return { kafka, mayRestart };
}

test('a reader is started again after a crash while somebody waits for it, and never afterwards', async () => {
  const { kafka, mayRestart } = broker();
  const finding = createReceiptReader(kafka, 'receipts').find(new Set(['a']), new AbortController().signal);
  expect(await mayRestart()).toBe(true);
  expect(await finding).toEqual(new Map([['a', '2']]));
  // kafkajs asks when a crash and the end come together; by default it would go on reading for ever.
  expect(await mayRestart()).toBe(false);
});
