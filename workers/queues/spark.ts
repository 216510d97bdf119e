import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createSparkActivities } from '../../activities/spark.ts';
import { createObjectStore } from '../../clients/object-store.ts';
import type { Config } from '../../config/config.ts';
import { lakeAccess, sparkSubmit } from '../spark.ts';
import type { QueueWorker } from './queue.ts';

export async function create(config: Config): Promise<QueueWorker> {
  const { paths, objectStore } = config;
  // SQLite makes the catalogue's file, but not its folder.
  await mkdir(dirname(paths.catalogFile), { recursive: true });
  return {
    workflows: false,
    // A driver takes a gigabyte or more and, when local, all cores: one at a time in a process.
    concurrency: 1,
    activities: createSparkActivities({
      store: createObjectStore(objectStore),
      submit: sparkSubmit(config),
      lake: lakeAccess(config),
      brokers: config.kafka.brokers,
      scratch: paths.scratch,
    }),
  };
}
