import { createCountHourActivities } from '../../activities/count-hour.ts';
import { createDeadLetterActivities } from '../../activities/dead-letters.ts';
import { createGenerateActivities } from '../../activities/generate.ts';
import { createPublishActivities } from '../../activities/publish.ts';
import { createKafka } from '../../clients/kafka.ts';
import { createLogReader } from '../../clients/kafka-log.ts';
import { createPublisher } from '../../clients/kafka-publisher.ts';
import { createReceiptReader } from '../../clients/kafka-receipts.ts';
import { fetchBounds } from '../../clients/kafka-topics.ts';
import { createObjectStore } from '../../clients/object-store.ts';
import type { Config } from '../../config/config.ts';
import { EVENTS_TOPIC, RECEIPTS_TOPIC } from '../../contracts/topics.ts';
import { catalogueLines } from '../../generator/catalogue/catalogue-lines.ts';
import { generateShard } from '../../generator/generate.ts';
import { lakeReader } from '../lake.ts';
import type { QueueWorker } from './queue.ts';

export function create(config: Config): QueueWorker {
  const store = createObjectStore(config.objectStore);
  const kafka = createKafka({ brokers: config.kafka.brokers, clientId: `reprise-publish-${process.pid}` });
  const publisher = createPublisher(kafka);
  const receipts = createReceiptReader(kafka, RECEIPTS_TOPIC);
  const generator = { shard: generateShard, catalogue: catalogueLines };
  const bounds = () => fetchBounds(kafka, EVENTS_TOPIC);
  return {
    workflows: false,
    // Generating is CPU of one thread: more at a time only interleave. Two overlap one's CPU with the other's network.
    concurrency: 2,
    activities: {
      ...createGenerateActivities({ store, generator }),
      ...createPublishActivities({
        store,
        publisher,
        receipts,
        bounds,
        generator,
      }),
      ...createCountHourActivities({ store, log: createLogReader(kafka, EVENTS_TOPIC), bounds }),
      ...createDeadLetterActivities({ lake: lakeReader(config), publisher, receipts }),
    },
  };
}
