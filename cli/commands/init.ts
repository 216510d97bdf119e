import type { Command } from 'commander';
import { createKafka } from '../../clients/kafka.ts';
import { applyTopics } from '../../clients/kafka-topics.ts';
import { createObjectStore } from '../../clients/object-store.ts';
import { loadConfig } from '../../config/config.ts';
import { TOPICS } from '../../contracts/topics.ts';

/** Runs at every `up`; finds everything in place from the second time on. */
export function register(command: Command): void {
  command.action(async () => {
    const config = loadConfig();
    const bucket = await createObjectStore(config.objectStore).ensureBucket();
    process.stdout.write(`bucket ${config.objectStore.bucket}: ${bucket}\n`);
    const changes = await applyTopics(
      createKafka({ brokers: config.kafka.brokers, clientId: 'reprise-init' }),
      TOPICS,
      config.kafka,
    );
    for (const { topic, did, what } of changes)
      process.stdout.write(`topic ${topic}: ${[did, ...what].join(', ')}\n`);
  });
}
