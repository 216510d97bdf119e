import { join } from 'node:path';
import { createSparkSubmit, type SparkSubmit } from '../clients/spark-submit.ts';
import type { Config } from '../config/config.ts';
import { inheritedEnvironment } from '../config/inherited.ts';
import { LAKE_NAMESPACE } from '../contracts/lake.ts';
import type { LakeAccess } from '../contracts/steps.ts';

export function sparkSubmit({ paths, spark, objectStore }: Config): SparkSubmit {
  return createSparkSubmit({
    venvBin: join(paths.tools, 'venvs', 'spark', 'bin'),
    project: join(paths.repository, 'spark'),
    jars: join(paths.tools, 'jars', 'spark'),
    master: spark.master,
    driverMemory: spark.driverMemory,
    accessKey: objectStore.accessKey,
    secretKey: objectStore.secretKey,
    region: objectStore.region,
    inherited: inheritedEnvironment(paths),
  });
}

export const lakeAccess = ({ catalog, objectStore }: Config): LakeAccess => ({
  catalog,
  s3_endpoint: objectStore.endpoint,
  namespace: LAKE_NAMESPACE,
});
