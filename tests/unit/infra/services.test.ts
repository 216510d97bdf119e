import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../../config/config.ts';
import { pathsFor } from '../../../config/paths.ts';
import type { Service, ServiceContext } from '../../../infra/services/service.ts';
import { services, withNeeds } from '../../../infra/services/services.ts';
import { renderProcessCompose } from '../../../infra/supervisor/process-compose.ts';

const SECRETS = {
  minio_root_user: 'minio-user-x',
  minio_root_password: 'minio-password-x$y',
  airflow_admin_user: 'admin',
  airflow_admin_password: 'airflow-password-x',
  airflow_jwt_secret: 'jwt-secret-x'.padEnd(40, 'x'),
  airflow_fernet_key: 'fernet-key-x'.padEnd(44, 'x'),
};

function context(env: Record<string, string> = {}): ServiceContext {
  return {
    config: loadConfig({ REPRISE_INSTANCE: 'unit', REPRISE_PORT_BASE: '20000', ...env }),
    secrets: SECRETS,
    settings: { kafka_cluster_id: 'x'.repeat(22), schedule_from: '2026-01-05T08:00Z' },
    node: '/usr/bin/node',
    overrides: {},
  };
}

const byName = (all: readonly Service[], name: string): Service => {
  const found = all.find((service) => service.name === name);
  if (!found) throw new Error(`no ${name}`);
  return found;
};

test('no secret is among the arguments, where every user of the machine can read it', () => {
  const all = services(context());
  expect(all.length).toBeGreaterThan(10);
  for (const service of all)
    for (const secret of Object.values(SECRETS).filter((value) => value !== 'admin'))
      expect(service.command.join(' ')).not.toContain(secret);
});

test('each part gets its own secrets and nobody else’s', () => {
  const overrides = { AIRFLOW_USER: 'admin', AIRFLOW_PASSWORD: SECRETS.airflow_admin_password };
  const keys = { S3_ACCESS_KEY: SECRETS.minio_root_user, S3_SECRET_KEY: SECRETS.minio_root_password };
  const holders = (secret: string): string[] =>
    services({ ...context(keys), overrides })
      .filter((service) => Object.values(service.env).some((value) => value.includes(secret)))
      .map((service) => service.name);
  expect(new Set(holders(SECRETS.minio_root_password).map((name) => name.split('-')[0]))).toEqual(
    new Set(['minio', 'reprise', 'worker']),
  );
  expect(new Set(holders(SECRETS.airflow_jwt_secret).map((name) => name.split('-')[0]))).toEqual(
    new Set(['airflow']),
  );
  expect(holders(SECRETS.airflow_admin_password)).toEqual([]);
});

test('a process that is given its keys does not open the file of secrets; one that is not, does', () => {
  const REPRISE_INSTANCE = 'unit-secrets';
  const { instance, secretsFile } = pathsFor(REPRISE_INSTANCE);
  mkdirSync(instance, { recursive: true });
  try {
    writeFileSync(secretsFile, 'unreadable');
    const keys = { S3_ACCESS_KEY: 'key', S3_SECRET_KEY: 'secret' };
    const config = loadConfig({ REPRISE_INSTANCE, ...keys });
    expect(config.objectStore).toMatchObject({ accessKey: 'key', secretKey: 'secret' });
    expect(() => config.airflow.credentials()).toThrow('JSON');
    // As an earlier version wrote it.
    writeFileSync(secretsFile, JSON.stringify({ ...SECRETS, pseudonym_key: 'x'.repeat(40) }));
    expect(config.airflow.credentials().password).toBe(SECRETS.airflow_admin_password);
    expect(loadConfig({ REPRISE_INSTANCE }).objectStore.accessKey).toBe(SECRETS.minio_root_user);
  } finally {
    rmSync(instance, { recursive: true, force: true });
  }
});

test('Airflow’s processes keep the environment by which they are known', () => {
  for (const { name, env } of services(context()).filter(({ name }) => name.startsWith('airflow')))
    expect(env.SPT_NOENV, name).toBe('1');
});

test.each([
  [{}, 'diurnal'],
  [{ REPRISE_VOLUME_SHAPE: 'flat' }, 'flat'],
])('under %j Airflow schedules windows in the shape %s', (env, shape) => {
  const airflow = services(context(env)).filter(({ name }) => name.startsWith('airflow'));
  expect(new Set(airflow.map((service) => service.env.REPRISE_VOLUME_SHAPE))).toEqual(new Set([shape]));
});

test('nothing is told to listen beyond this machine', () => {
  const everything = JSON.stringify(services(context()).map(({ command, env }) => ({ command, env })));
  expect(everything).not.toContain('0.0.0.0');
  expect(everything).not.toContain('[::]');
  expect(everything).toContain('127.0.0.1:20000');
});

test('what runs elsewhere by configuration is not started here, and nothing waits for it', () => {
  const all = services(
    context({ KAFKA_BROKERS: 'broker-1:9092,broker-2:9092', S3_ENDPOINT: 'https://storage.example' }),
  );
  const names = all.map((service) => service.name);
  expect(names).not.toContain('kafka');
  expect(names).not.toContain('minio');
  expect(names).toContain('temporal');
  expect(byName(all, 'reprise-init').needs).toEqual([]);
});

test('a selection brings what it needs; a name stands for all that begin with it', () => {
  const names = (...only: string[]): string[] =>
    withNeeds(services(context()), only).map((service) => service.name);
  expect(names('kafka')).toEqual(['kafka-format', 'kafka']);
  expect(names('reprise-init')).toEqual(['kafka-format', 'kafka', 'minio', 'reprise-init']);
  expect(names('airflow')).toHaveLength(5);
  expect(() => names('spark-master')).toThrow('there is no service "spark-master"');
});

test('two services never share a port', () => {
  const ports = services(context()).flatMap((service) => service.ports ?? []);
  expect(ports.length).toBeGreaterThan(8);
  expect(new Set(ports).size).toBe(ports.length);
});

interface Rendered {
  disable_env_expansion: boolean;
  processes: Record<
    string,
    {
      entrypoint: string[];
      environment: string[];
      availability: { restart: string; max_restarts: number };
      depends_on?: Record<string, { condition: string }>;
      readiness_probe?: { http_get?: { host: string; port: string } };
      ready_log_line?: string;
      log_configuration: { flush_each_line: boolean };
    }
  >;
}

function render(env: Record<string, string> = {}): Rendered {
  return parse(
    renderProcessCompose(services(context(env)), { logs: '/logs', environment: { A: 'b' } }),
  ) as Rendered;
}

test('servers are always restarted, jobs only a few times, and each waits for the right thing', () => {
  const { processes } = render();
  expect(processes.kafka?.availability.restart).toBe('always');
  expect(processes['kafka-format']?.availability).toMatchObject({ restart: 'on_failure', max_restarts: 2 });
  expect(processes.kafka?.depends_on).toEqual({
    'kafka-format': { condition: 'process_completed_successfully' },
  });
  expect(processes['reprise-init']?.depends_on?.kafka).toEqual({ condition: 'process_healthy' });
  expect(processes['worker-spark']?.ready_log_line).toBe('worker ready');
  for (const process of Object.values(processes))
    expect(process.log_configuration.flush_each_line).toBe(true);
});

test('what a worker writes to is ended after it', () => {
  const { processes } = render();
  const workers = Object.entries(processes).filter(([name]) => name.startsWith('worker-'));
  expect(workers.length).toBeGreaterThan(4);
  for (const [name, { depends_on = {} }] of workers)
    expect(Object.keys(depends_on), name).toEqual(expect.arrayContaining(['temporal', 'kafka', 'minio']));
});

test('probes ask this machine on the instance’s own ports', () => {
  const probe = render().processes['airflow-api-server']?.readiness_probe?.http_get;
  expect(probe).toMatchObject({ host: '127.0.0.1', port: '20080' });
});

test('a value with a dollar sign arrives as it is', () => {
  const rendered = render();
  expect(rendered.disable_env_expansion).toBe(true);
  expect(rendered.processes.minio?.environment).toContain('MINIO_ROOT_PASSWORD=minio-password-x$y');
});

test('a server that forks is run so that its group ends with it', () => {
  const { processes } = render();
  expect(processes['airflow-scheduler']?.entrypoint.slice(0, 2)).toEqual(['bash', '-c']);
  expect(processes.temporal?.entrypoint[0]).toMatch(/temporal$/);
});

test('a cluster id that begins with a dash is not taken for an option', () => {
  const dashed = { ...context(), settings: { kafka_cluster_id: `-${'x'.repeat(21)}`, schedule_from: '' } };
  expect(byName(services(dashed), 'kafka-format').command).toContain(`--cluster-id=-${'x'.repeat(21)}`);
});
