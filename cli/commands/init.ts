import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Kafka } from 'kafkajs';
import { createKafka } from '../../clients/kafka.ts';
import { applyTopics } from '../../clients/kafka-topics.ts';
import { createObjectStore } from '../../clients/object-store.ts';
import { loadConfig } from '../../config/config.ts';
import { EVENTS_TOPIC, TOPICS } from '../../contracts/topics.ts';
import { withMends } from '../client-failure.ts';

const NAME = 'reprise-init';

/** Runs at every `up`; finds everything in place from the second time on. */
export function register(command: Command): void {
  command.action(() => withMends(init));
}

async function init(): Promise<void> {
  const config = loadConfig();
  const bucket = await createObjectStore(config.objectStore).ensureBucket();
  process.stdout.write(`bucket ${config.objectStore.bucket}: ${bucket}\n`);
  const kafka = createKafka({ brokers: config.kafka.brokers, clientId: NAME });
  const changes = await applyTopics(kafka, TOPICS, config.kafka);
  for (const { topic, did, what } of changes)
    process.stdout.write(`topic ${topic}: ${[did, ...what].join(', ')}\n`);
  await wakeCoordinators(kafka);
}

/**
 * A broker creates its topics for groups and transactions when the first of each asks, and for a while answers that it
 * is still loading them. Asked here, so that the first window does not spend an attempt on it.
 */
async function wakeCoordinators(kafka: Kafka): Promise<void> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    try {
      await useGroup(kafka);
      await useTransaction(kafka);
      return;
    } catch {
      // Not a failure of ours to report: a publish that meets the same says what it met, and tries again.
      await sleep(500);
    }
  }
}

async function useGroup(kafka: Kafka): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    await admin.fetchOffsets({ groupId: NAME, topics: [EVENTS_TOPIC] });
  } finally {
    await admin.disconnect();
  }
}

async function useTransaction(kafka: Kafka): Promise<void> {
  const producer = kafka.producer({ transactionalId: NAME, idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  try {
    const transaction = await producer.transaction();
    await transaction.abort();
  } finally {
    await producer.disconnect();
  }
}
