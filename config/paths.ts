import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where things lie on this machine. `tools` is shared; everything under `instance` belongs to one installation. */
export interface Paths {
  repository: string;
  /** Provisioned and replaceable: servers, Python environments, jars. */
  tools: string;
  /** Built binaries and package caches that outlive a checkout; nothing in it is required. */
  cache: string;
  instance: string;
  secretsFile: string;
  run: string;
  logs: string;
  data: string;
  /** SQLite file of the Iceberg JDBC catalogue. */
  catalogFile: string;
  warehouseFile: string;
  /** Serving snapshots, the pointer to the current one, and mirrored window reports. */
  serving: string;
  /** Offsets and state of the resident stream: the same for the life of the installation. */
  liveCheckpoint: string;
  /** SQLite file of what is going on now; the stream writes it, the dashboard reads it. */
  nowFile: string;
  /** Scratch space of activities; anything in it may be deleted while no worker runs. */
  scratch: string;
}

export const REPOSITORY = resolve(fileURLToPath(new URL('..', import.meta.url)));

export function pathsFor(instanceName: string, env: NodeJS.ProcessEnv = process.env): Paths {
  const tools = join(REPOSITORY, '.reprise', 'tools');
  const instance = join(REPOSITORY, '.reprise', 'instances', instanceName);
  const data = join(instance, 'data');
  return {
    repository: REPOSITORY,
    tools,
    cache: env.REPRISE_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'reprise'),
    instance,
    secretsFile: join(instance, 'secrets.json'),
    run: join(instance, 'run'),
    logs: join(instance, 'logs'),
    data,
    catalogFile: join(data, 'catalog', 'iceberg.db'),
    warehouseFile: join(data, 'warehouse', 'reprise.duckdb'),
    serving: join(data, 'serving'),
    liveCheckpoint: join(data, 'live', 'checkpoint'),
    nowFile: join(data, 'serving', 'live', 'now.sqlite'),
    scratch: join(data, 'scratch'),
  };
}

/** A program of a Python environment: `venvProgram(paths, 'dbt', 'dbt')`. */
export function venvProgram(paths: Paths, venv: string, program: string): string {
  return join(paths.tools, 'venvs', venv, 'bin', program);
}
