import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { lostInLog } from '../../activities/lost-in-log.ts';
import { createSparkActivities } from '../../activities/spark.ts';
import { createKafka } from '../../clients/kafka.ts';
import { createLogReader } from '../../clients/kafka-log.ts';
import { fetchBounds } from '../../clients/kafka-topics.ts';
import { createObjectStore } from '../../clients/object-store.ts';
import type { Config } from '../../config/config.ts';
import { EVENTS_TOPIC } from '../../contracts/topics.ts';
import { lakeAccess, sparkSubmit } from '../spark.ts';
import type { QueueWorker } from './queue.ts';

export async function create(config: Config): Promise<QueueWorker> {
  const { paths, objectStore } = config;
  // SQLite makes the catalogue's file, but not its folder.
  await mkdir(dirname(paths.catalogFile), { recursive: true });
  const store = createObjectStore(objectStore);
  const kafka = createKafka({ brokers: config.kafka.brokers, clientId: `reprise-spark-${process.pid}` });
  const topic = {
    store,
    log: createLogReader(kafka, EVENTS_TOPIC),
    bounds: () => fetchBounds(kafka, EVENTS_TOPIC),
  };
  return {
    workflows: false,
    // A driver takes a gigabyte or more and, when local, all cores: one at a time in a process.
    concurrency: 1,
    activities: createSparkActivities({
      store,
      submit: sparkSubmit(config),
      lake: lakeAccess(config),
      brokers: config.kafka.brokers,
      scratch: paths.scratch,
      explain: (window, receipts, pulse) => lostInLog(topic, window, receipts, pulse),
    }),
  };
}
