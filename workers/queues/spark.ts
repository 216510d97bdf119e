import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createSparkActivities } from '../../activities/spark.ts';
import { createObjectStore } from '../../clients/object-store.ts';
import { createSparkSubmit } from '../../clients/spark-submit.ts';
import type { Config } from '../../config/config.ts';
import { inheritedEnvironment } from '../../config/inherited.ts';
import { LAKE_NAMESPACE } from '../../contracts/lake.ts';
import type { QueueWorker } from './queue.ts';

export async function create(config: Config): Promise<QueueWorker> {
  const { paths, spark, objectStore } = config;
  // SQLite makes the catalogue's file, but not its folder.
  await mkdir(dirname(paths.catalogFile), { recursive: true });
  return {
    workflows: false,
    // A driver takes a gigabyte or more and, when local, all cores: one at a time in a process.
    concurrency: 1,
    activities: createSparkActivities({
      store: createObjectStore(objectStore),
      submit: createSparkSubmit({
        venvBin: join(paths.tools, 'venvs', 'spark', 'bin'),
        project: join(paths.repository, 'spark'),
        jars: join(paths.tools, 'jars', 'spark'),
        master: spark.master,
        driverMemory: spark.driverMemory,
        accessKey: objectStore.accessKey,
        secretKey: objectStore.secretKey,
        region: objectStore.region,
        inherited: inheritedEnvironment(paths),
      }),
      lake: {
        catalog: config.catalog,
        s3_endpoint: objectStore.endpoint,
        namespace: LAKE_NAMESPACE,
      },
      brokers: config.kafka.brokers,
      scratch: paths.scratch,
    }),
  };
}
