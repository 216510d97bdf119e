import { join } from 'node:path';
import { createSparkSubmit, type SparkSubmit } from '../../clients/spark-submit.ts';
import type { Config } from '../../config/config.ts';
import { inheritedEnvironment } from '../../config/inherited.ts';
import type { LakeAccess } from '../../contracts/steps.ts';

/** Apart from the tables that windows are in. */
const NAMESPACE = 'bench';

/** Servers that a job of Spark needs. */
export const SPARK_SERVERS = ['kafka', 'minio', 'reprise-init'];

/** Jobs as the worker submits them, into tables of their own. */
export function sparkBench(config: Config): { submit: SparkSubmit; lake: LakeAccess; directory: string } {
  const { paths, spark, objectStore, catalog } = config;
  const { accessKey, secretKey, region, endpoint: s3_endpoint } = objectStore;
  const submit = createSparkSubmit({
    venvBin: join(paths.tools, 'venvs', 'spark', 'bin'),
    project: join(paths.repository, 'spark'),
    jars: join(paths.tools, 'jars', 'spark'),
    ...{ master: spark.master, driverMemory: spark.driverMemory },
    ...{ accessKey, secretKey, region, inherited: inheritedEnvironment(paths) },
  });
  return { submit, lake: { catalog, s3_endpoint, namespace: NAMESPACE }, directory: paths.scratch };
}
