import { join } from 'node:path';
import { venvProgram } from '../../config/paths.ts';
import { writePrivate } from '../instance.ts';
import type { Service, ServiceContext } from './service.ts';

const passwordsFile = ({ config }: ServiceContext): string =>
  join(config.paths.run, 'airflow-passwords.json');

/** Four processes: `airflow standalone` leaves its children behind when it is told to end. */
export function airflowServices(context: ServiceContext): Service[] {
  const { config } = context;
  const { paths, ports } = config;
  const airflow = (...args: string[]): string[] => [venvProgram(paths, 'airflow', 'airflow'), ...args];
  const shared = { cwd: join(paths.data, 'airflow'), env: airflowEnvironment(context), forks: true };
  // Airflow's own log server listens on every interface and cannot be told otherwise; on one machine the log
  // folder is shared, so nothing is lost without it.
  const quiet = '--skip-serve-logs';
  return [
    {
      ...shared,
      forks: false,
      name: 'airflow-migrate',
      kind: 'job',
      needs: [],
      command: airflow('db', 'migrate'),
    },
    {
      ...shared,
      name: 'airflow-api-server',
      kind: 'server',
      needs: ['airflow-migrate'],
      command: airflow('api-server'),
      ready: { kind: 'http', port: ports.airflow, path: '/api/v2/version' },
      ports: ['airflow'],
    },
    {
      ...shared,
      name: 'airflow-dag-processor',
      kind: 'server',
      needs: ['airflow-migrate'],
      command: airflow('dag-processor'),
    },
    {
      ...shared,
      name: 'airflow-scheduler',
      kind: 'server',
      needs: ['airflow-migrate'],
      command: airflow('scheduler', quiet),
      ready: { kind: 'http', port: ports.airflowSchedulerHealth, path: '/health' },
      ports: ['airflowSchedulerHealth'],
    },
    {
      ...shared,
      name: 'airflow-triggerer',
      kind: 'server',
      needs: ['airflow-migrate'],
      command: airflow('triggerer', quiet),
    },
  ];
}

/** Airflow's file of simple passwords; it is read at start. */
export function writeAirflowPasswords(context: ServiceContext): void {
  const { airflow_admin_user: user, airflow_admin_password: password } = context.secrets;
  writePrivate(passwordsFile(context), JSON.stringify({ [user]: password }));
}

function airflowEnvironment(context: ServiceContext): Record<string, string> {
  const { config, secrets, settings } = context;
  const { paths, ports } = config;
  const url = `http://127.0.0.1:${ports.airflow}`;
  return {
    AIRFLOW_HOME: join(paths.data, 'airflow'),
    AIRFLOW__CORE__DAGS_FOLDER: join(paths.repository, 'airflow', 'dags'),
    AIRFLOW__CORE__PLUGINS_FOLDER: join(paths.repository, 'airflow', 'plugins'),
    AIRFLOW__CORE__LOAD_EXAMPLES: 'False',
    AIRFLOW__CORE__EXECUTOR: 'LocalExecutor',
    // A run is one short task that defers at once; every further executor process costs memory.
    AIRFLOW__CORE__PARALLELISM: '2',
    AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS: `${secrets.airflow_admin_user}:admin`,
    AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE: passwordsFile(context),
    AIRFLOW__CORE__FERNET_KEY: secrets.airflow_fernet_key,
    AIRFLOW__CORE__EXECUTION_API_SERVER_URL: `${url}/execution/`,
    AIRFLOW__API__HOST: '127.0.0.1',
    AIRFLOW__API__PORT: String(ports.airflow),
    AIRFLOW__API__BASE_URL: url,
    AIRFLOW__API__WORKERS: '1',
    AIRFLOW__API__SECRET_KEY: secrets.airflow_jwt_secret,
    AIRFLOW__API_AUTH__JWT_SECRET: secrets.airflow_jwt_secret,
    // Four processes write to it: with SQLite's own 5 s a busy machine answers "database is locked".
    AIRFLOW__DATABASE__SQL_ALCHEMY_CONN: `sqlite:///${join(paths.data, 'airflow', 'airflow.db')}?timeout=60`,
    AIRFLOW__LOGGING__BASE_LOG_FOLDER: join(paths.logs, 'airflow'),
    AIRFLOW__USAGE_DATA_COLLECTION__ENABLED: 'False',
    // A resumed task fails when its trigger fires within the heartbeat of its deferral (Airflow 71580, 72716).
    AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL: '1',
    AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK: 'True',
    AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_HOST: '127.0.0.1',
    AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT: String(ports.airflowSchedulerHealth),
    AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL: '30',
    AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES: '1',
    AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL: '60',
    PYTHONUNBUFFERED: '1',
    // Airflow sets its processes' titles, which would overwrite the environment by which `down` knows them.
    SPT_NOENV: '1',
    // Read by our operator and trigger.
    TEMPORAL_ADDRESS: config.temporal.address,
    TEMPORAL_NAMESPACE: config.temporal.namespace,
    TEMPORAL_UI_URL: config.temporal.uiUrl,
    AIRFLOW_URL: config.airflow.url,
    REPRISE_EVENTS_PER_WINDOW: String(config.defaults.eventsPerWindow),
    REPRISE_SHARDS: String(config.defaults.shards),
    REPRISE_SEED: String(config.defaults.seed),
    REPRISE_VOLUME_SHAPE: config.defaults.scheduledVolumeShape,
    REPRISE_REPLAYS_AT_ONCE: String(config.replaysAtOnce),
    REPRISE_SCHEDULE_FROM: settings.schedule_from,
  };
}
