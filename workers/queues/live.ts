import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createProduceActivities } from '../../activities/live/produce.ts';
import { createSuperviseActivities } from '../../activities/live/supervise-stream.ts';
import { createKafka } from '../../clients/kafka.ts';
import { createLiveSender } from '../../clients/kafka-live-sender.ts';
import { fetchBounds } from '../../clients/kafka-topics.ts';
import { createObjectStore } from '../../clients/object-store.ts';
import type { Config } from '../../config/config.ts';
import { EVENTS_TOPIC } from '../../contracts/topics.ts';
import { catalogueLines } from '../../generator/catalogue/catalogue-lines.ts';
import { tracksUntil } from '../../generator/catalogue/released.ts';
import { generateShard } from '../../generator/generate.ts';
import { lakeAccess, sparkSubmit } from '../spark.ts';
import type { QueueWorker } from './queue.ts';

const time = {
  now: Date.now,
  wait: (ms: number, signal: AbortSignal) => sleep(ms, undefined, { signal }).catch(() => undefined),
};

export async function create(config: Config): Promise<QueueWorker> {
  const { paths } = config;
  const store = createObjectStore(config.objectStore);
  const kafka = createKafka({ brokers: config.kafka.brokers, clientId: `reprise-live-${process.pid}` });
  // SQLite makes the catalogue's file, but not its folder.
  await mkdir(dirname(paths.catalogFile), { recursive: true });
  return {
    workflows: false,
    // The stream, its producer, and the catalogue that is written before them.
    concurrency: 3,
    // They do not end by themselves: waiting for it would only cost the stream the time to end in good order.
    ends: { grace: '1 second', force: '45 seconds' },
    activities: {
      ...createSuperviseActivities({
        store,
        submit: sparkSubmit(config),
        lake: lakeAccess(config),
        brokers: config.kafka.brokers,
        bounds: () => fetchBounds(kafka, EVENTS_TOPIC),
        checkpoint: paths.liveCheckpoint,
        nowFile: paths.nowFile,
        scratch: paths.scratch,
      }),
      ...createProduceActivities({
        store,
        tracksUntil,
        catalogue: catalogueLines,
        generator: { shard: generateShard },
        sender: () => createLiveSender(kafka, EVENTS_TOPIC),
        scratch: paths.scratch,
        time,
      }),
    },
  };
}
