import { z } from 'zod';
import { VolumeShape } from '../contracts/steps.ts';
import { type Paths, pathsFor } from './paths.ts';
import { DEFAULT_PORT_BASE, type Ports, portsFrom } from './ports.ts';
import { readSecrets } from './secrets.ts';

/** An empty environment variable means "not set". */
const text = z.preprocess((value) => (value === '' ? undefined : value), z.string().optional());
const whole = (fallback: number, lowest = 1, highest = Number.MAX_SAFE_INTEGER) => {
  const upTo = highest === Number.MAX_SAFE_INTEGER ? 'on' : `to ${highest}`;
  const error = `must be a whole number from ${lowest} ${upTo}`;
  return z.preprocess(
    (value) => (value === '' || value === undefined ? fallback : value),
    z.coerce.number({ error }).int({ error }).min(lowest, { error }).max(highest, { error }),
  );
};

const Environment = z.object({
  REPRISE_INSTANCE: z.preprocess(
    (value) => value || 'demo',
    z.string().regex(/^[a-z0-9][a-z0-9-]{0,30}$/, 'must be lower-case letters, digits and dashes'),
  ),
  REPRISE_PORT_BASE: whole(DEFAULT_PORT_BASE, 1024, 65_000),
  KAFKA_BROKERS: text,
  KAFKA_REPLICATION: whole(1),
  KAFKA_PARTITIONS: whole(4),
  S3_ENDPOINT: text,
  S3_REGION: text,
  S3_ACCESS_KEY: text,
  S3_SECRET_KEY: text,
  LAKE_BUCKET: text,
  ICEBERG_CATALOG_URI: text,
  TEMPORAL_ADDRESS: text,
  TEMPORAL_NAMESPACE: text,
  TEMPORAL_UI_URL: text,
  AIRFLOW_URL: text,
  AIRFLOW_USER: text,
  AIRFLOW_PASSWORD: text,
  DASHBOARD_URL: text,
  SPARK_MASTER: text,
  SPARK_DRIVER_MEMORY: text,
  WAREHOUSE: z.preprocess(
    (value) => value || 'duckdb',
    z.enum(['duckdb', 'bigquery'], { error: 'must be duckdb or bigquery' }),
  ),
  BIGQUERY_PROJECT: text,
  BIGQUERY_DATASET: text,
  BIGQUERY_LOCATION: text,
  BIGQUERY_ENDPOINT: text,
  GOOGLE_APPLICATION_CREDENTIALS: text,
  REPRISE_EVENTS_PER_WINDOW: whole(20_000),
  REPRISE_SHARDS: whole(2),
  REPRISE_SEED: whole(1, 0),
  REPRISE_REPLAYS_AT_ONCE: whole(4, 1, 64),
  REPRISE_VOLUME_SHAPE: z.preprocess(
    (value) => (value === '' ? undefined : value),
    z.enum(VolumeShape.options, { error: 'must be flat or diurnal' }).optional(),
  ),
});

/** The names of all settings, for whoever passes them on to another process. */
export const SETTING_NAMES: readonly string[] = Object.keys(Environment.shape);

export interface Config {
  instance: string;
  paths: Paths;
  ports: Ports;
  portBase: number;
  kafka: { brokers: string[]; replication: number; partitions: number };
  objectStore: { endpoint: string; region: string; accessKey: string; secretKey: string; bucket: string };
  /** Iceberg's JDBC catalogue. */
  catalog: { name: string; uri: string; warehouse: string };
  temporal: { address: string; namespace: string; uiUrl: string };
  /** The command line asks for the credentials; of the workers only the one that records who has cleared a window's task. */
  airflow: { url: string; credentials(): { user: string; password: string } };
  dashboard: { url: string };
  spark: { master: string; driverMemory: string };
  warehouse:
    | { kind: 'duckdb'; file: string }
    | {
        kind: 'bigquery';
        project: string;
        dataset: string;
        location: string;
        /** Absent: Google's own. Present: an emulator, reached without credentials. */
        endpoint: string | undefined;
        credentialsFile: string | undefined;
      };
  /** Windows that one replay may play side by side: each holds a Spark driver or a build for some minutes. */
  replaysAtOnce: number;
  defaults: {
    eventsPerWindow: number;
    shards: number;
    seed: number;
    /** Of windows that somebody asks for: they hold the number of events that was named. */
    volumeShape: VolumeShape;
    /** Of windows that the schedule asks for: days and nights, as real ones have them. */
    scheduledVolumeShape: VolumeShape;
  };
}

/** A setting that is wrong or missing; the message names the variable and the mend. */
export class ConfigError extends Error {
  override name = 'ConfigError';
  readonly code = 'Misconfigured';
}

/**
 * The one place where the environment becomes settings. A variable that is absent falls back to what the local
 * installation generated, so that a single machine needs none.
 * @throws ConfigError
 */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const parsed = Environment.safeParse(env);
  if (!parsed.success) {
    const first = parsed.error.issues[0];
    const name = String(first?.path[0]);
    throw new ConfigError(`${name} ${first?.message}, not "${env[name]}"; unset it to use the default`);
  }
  const e = parsed.data;
  const paths = pathsFor(e.REPRISE_INSTANCE, env);
  const ports = portsFrom(e.REPRISE_PORT_BASE);
  // Read only for what the environment does not give: the workers, which are given their keys, never open the file.
  const secrets = () => readSecrets(paths.secretsFile);
  const local = (port: number): string => `http://127.0.0.1:${port}`;
  const bucket = e.LAKE_BUCKET ?? 'reprise';
  return {
    instance: e.REPRISE_INSTANCE,
    paths,
    ports,
    portBase: e.REPRISE_PORT_BASE,
    kafka: {
      brokers: (e.KAFKA_BROKERS ?? `127.0.0.1:${ports.kafka}`).split(',').map((broker) => broker.trim()),
      replication: e.KAFKA_REPLICATION,
      partitions: e.KAFKA_PARTITIONS,
    },
    objectStore: {
      endpoint: e.S3_ENDPOINT ?? local(ports.minio),
      region: e.S3_REGION ?? 'us-east-1',
      accessKey: e.S3_ACCESS_KEY ?? secrets()?.minio_root_user ?? '',
      secretKey: e.S3_SECRET_KEY ?? secrets()?.minio_root_password ?? '',
      bucket,
    },
    catalog: {
      name: 'lake',
      uri: e.ICEBERG_CATALOG_URI ?? `jdbc:sqlite:${paths.catalogFile}?busy_timeout=30000`,
      warehouse: `s3://${bucket}/lake`,
    },
    temporal: {
      address: e.TEMPORAL_ADDRESS ?? `127.0.0.1:${ports.temporal}`,
      namespace: e.TEMPORAL_NAMESPACE ?? 'default',
      uiUrl: e.TEMPORAL_UI_URL ?? local(ports.temporalUi),
    },
    airflow: {
      url: e.AIRFLOW_URL ?? local(ports.airflow),
      credentials: () => ({
        user: e.AIRFLOW_USER ?? secrets()?.airflow_admin_user ?? '',
        password: e.AIRFLOW_PASSWORD ?? secrets()?.airflow_admin_password ?? '',
      }),
    },
    dashboard: { url: e.DASHBOARD_URL ?? local(ports.dashboard) },
    spark: { master: e.SPARK_MASTER ?? 'local[2]', driverMemory: e.SPARK_DRIVER_MEMORY ?? '1g' },
    warehouse:
      e.WAREHOUSE === 'duckdb'
        ? { kind: 'duckdb', file: paths.warehouseFile }
        : {
            kind: 'bigquery',
            project: required(e.BIGQUERY_PROJECT, 'BIGQUERY_PROJECT'),
            dataset: e.BIGQUERY_DATASET ?? 'reprise',
            location: e.BIGQUERY_LOCATION ?? 'US',
            endpoint: e.BIGQUERY_ENDPOINT,
            credentialsFile: e.GOOGLE_APPLICATION_CREDENTIALS,
          },
    replaysAtOnce: e.REPRISE_REPLAYS_AT_ONCE,
    defaults: {
      eventsPerWindow: e.REPRISE_EVENTS_PER_WINDOW,
      shards: e.REPRISE_SHARDS,
      seed: e.REPRISE_SEED,
      volumeShape: e.REPRISE_VOLUME_SHAPE ?? 'flat',
      scheduledVolumeShape: e.REPRISE_VOLUME_SHAPE ?? 'diurnal',
    },
  };
}

function required(value: string | undefined, name: string): string {
  if (value === undefined)
    throw new ConfigError(`WAREHOUSE=bigquery needs ${name}; set it to your project's id`);
  return value;
}
