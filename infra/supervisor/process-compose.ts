import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Readiness, Service } from '../services/service.ts';

export interface RenderOptions {
  logs: string;
  environment: Record<string, string>;
}

/**
 * The supervisor's configuration. It holds passwords in the processes' environments: the file is for its owner only.
 */
export function renderProcessCompose(services: readonly Service[], options: RenderOptions): string {
  return stringify(
    {
      version: '0.5',
      is_strict: true,
      log_level: 'info',
      // A password may contain a dollar sign.
      disable_env_expansion: true,
      environment: variables(options.environment),
      processes: renderProcesses(services, options.logs),
    },
    { lineWidth: 0 },
  );
}

/** What the supervisor is told of each service, by name. */
export function renderProcesses(services: readonly Service[], logs: string): Record<string, object> {
  const byName = new Map(services.map((service) => [service.name, service]));
  return Object.fromEntries(services.map((service) => [service.name, renderService(service, byName, logs)]));
}

const SERVER_RESTARTS = { restart: 'always', backoff_seconds: 2, max_restarts: 0 };
/** Jobs may be repeated; a server that has just become ready is sometimes not quite. */
const JOB_RESTARTS = { restart: 'on_failure', backoff_seconds: 2, max_restarts: 2 };

function renderService(service: Service, byName: ReadonlyMap<string, Service>, logs: string): object {
  const dependencies = service.needs.map((name) => [name, { condition: conditionOf(byName.get(name)) }]);
  return {
    entrypoint: service.forks
      ? ['bash', '-c', END_THE_GROUP, service.name, ...service.command]
      : [...service.command],
    working_dir: service.cwd,
    environment: variables(service.env),
    is_dotenv_disabled: true,
    log_location: join(logs, `${service.name}.log`),
    log_configuration: {
      // Otherwise the last lines before a crash stay in a buffer.
      flush_each_line: true,
      disable_json: true,
      no_metadata: true,
      no_color: true,
      // The line as the process wrote it, without a level of the supervisor's own.
      fields_order: ['message'],
      rotation: { max_size_mb: 20, max_backups: 2 },
    },
    availability: service.kind === 'job' ? JOB_RESTARTS : SERVER_RESTARTS,
    ...(dependencies.length > 0 ? { depends_on: Object.fromEntries(dependencies) } : {}),
    ...(service.ready ? renderReadiness(service.ready) : {}),
    shutdown: { signal: 15, timeout_seconds: service.graceSeconds ?? 10 },
  };
}

/**
 * The supervisor takes a process for running as long as anyone holds its output. Children that outlive their killed
 * parent do: so when the parent ends, however it ends, the rest of its group ends with it.
 */
const END_THE_GROUP = 'trap : TERM INT; "$@"; kill -KILL -- -$$';

function conditionOf(needed: Service | undefined): string {
  if (needed?.kind === 'job') return 'process_completed_successfully';
  if (needed?.ready === undefined) return 'process_started';
  return needed.ready.kind === 'log' ? 'process_log_ready' : 'process_healthy';
}

/**
 * A probe that has failed for as long as its threshold ends the process, which is then restarted: long enough for the
 * slowest start on a busy machine, and yet the way out for a server that hangs.
 */
function renderReadiness(ready: Readiness): object {
  const probe = { period_seconds: 2, timeout_seconds: 5, success_threshold: 1, failure_threshold: 90 };
  switch (ready.kind) {
    case 'http':
      return {
        readiness_probe: {
          http_get: { host: '127.0.0.1', scheme: 'http', path: ready.path, port: String(ready.port) },
          ...probe,
        },
      };
    case 'tcp':
      return {
        readiness_probe: { exec: { command: `exec 3<>/dev/tcp/127.0.0.1/${ready.port}` }, ...probe },
      };
    case 'log':
      return { ready_log_line: ready.text };
  }
}

function variables(values: Record<string, string>): string[] {
  return Object.entries(values).map(([name, value]) => `${name}=${value}`);
}
