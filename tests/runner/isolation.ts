import { createServer } from 'node:net';
import { delimiter, dirname } from 'node:path';
import { type Ports, portsFrom } from '../../config/ports.ts';

/** Instance names of the tests' own installations; `demo` is never among them. */
export const END_TO_END_INSTANCE = 'test';
export const INTEGRATION_INSTANCE = 'test-integration';
export const PARITY_INSTANCE = 'test-parity';
export const FAULTS_INSTANCE = 'test-faults';
export const LIVE_INSTANCE = 'test-live';

/** Of the installations on this machine, those that tests made. */
export const isTestInstance = (name: string): boolean => /^test(-|$)/.test(name);

/** Whatever a person has set for their own stack must not reach a test. */
const SETTINGS =
  /^(REPRISE_(?!CACHE$|DEBUG$)|KAFKA_|S3_|LAKE_|ICEBERG_|TEMPORAL_|AIRFLOW|DASHBOARD_|SPARK_|WAREHOUSE|BIGQUERY_|GOOGLE_|AWS_|DBT_|PYTHON(PATH|HOME)|VIRTUAL_ENV|NODE_OPTIONS|npm_)/;

export function isolatedEnvironment(env: NodeJS.ProcessEnv, portBase: number): Record<string, string> {
  const kept = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !SETTINGS.test(entry[0]),
  );
  return {
    ...Object.fromEntries(kept),
    PATH: `${dirname(process.execPath)}${delimiter}${env.PATH ?? ''}`,
    REPRISE_INSTANCE: END_TO_END_INSTANCE,
    REPRISE_PORT_BASE: String(portBase),
    // Servers and workflows speak UTC; a test that only passes in one time zone shows here.
    TZ: 'UTC',
  };
}

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

async function allFree(ports: Ports): Promise<boolean> {
  for (const port of Object.values(ports)) if (!(await isFree(port))) return false;
  return true;
}

// Above the demo's own block, below the range from which the system hands out ports (32768 on Linux).
const FIRST_BASE = 21_000;
const LAST_BASE = 32_000;
const BLOCK = 100;

/** The base of a block whose every port is free, other than those in `taken`. */
export async function findPortBase(taken: readonly number[] = []): Promise<number> {
  for (let base = FIRST_BASE; base <= LAST_BASE; base += BLOCK)
    if (!taken.includes(base) && (await allFree(portsFrom(base)))) return base;
  throw new Error(`no block of free ports between ${FIRST_BASE} and ${LAST_BASE}`);
}
