import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Service } from '../services/service.ts';
import { listProcesses, type ProcessState } from './client.ts';

/** Where a process is on its way, in the words that `up` and `status` show. */
export type Phase = 'waiting' | 'starting' | 'ready' | 'done' | 'failed' | 'stopped';

export interface ServiceStatus {
  name: string;
  kind: Service['kind'];
  phase: Phase;
  pid: number | null;
  restarts: number;
  /** Resident memory of the process and what it started, bytes. */
  memoryBytes: number;
  exitCode: number | null;
}

export function statusOf(service: Service, state: ProcessState | undefined): ServiceStatus {
  return {
    name: service.name,
    kind: service.kind,
    phase: phaseOf(service, state),
    pid: state?.is_running ? serverPid(service, state.pid) : null,
    restarts: state?.restarts ?? 0,
    memoryBytes: state?.is_running ? state.mem : 0,
    exitCode: state && !state.is_running && state.status === 'Completed' ? state.exit_code : null,
  };
}

/** The server itself, where the supervisor sees the shell that holds its group together. */
function serverPid(service: Service, pid: number): number {
  if (!service.forks) return pid;
  try {
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    return Number(child) || pid;
  } catch {
    return pid;
  }
}

function phaseOf(service: Service, state: ProcessState | undefined): Phase {
  switch (state?.status) {
    case undefined:
    case 'Disabled':
      return 'stopped';
    case 'Pending':
      return 'waiting';
    case 'Running':
      if (service.kind === 'job') return 'starting';
      return service.ready === undefined || state.is_ready === 'Ready' ? 'ready' : 'starting';
    case 'Completed':
      return service.kind === 'job' && state.exit_code === 0 ? 'done' : 'failed';
    case 'Skipped':
    case 'Error':
      return 'failed';
    default:
      return 'starting';
  }
}

/** Of the services that were started; undefined when no supervisor runs. */
export async function readStatus(
  socket: string,
  services: readonly Service[],
): Promise<ServiceStatus[] | undefined> {
  const states = await listProcesses(socket);
  if (states === undefined) return undefined;
  const byName = new Map(states.map((state) => [state.name, state]));
  return services
    .filter((service) => byName.has(service.name))
    .map((service) => statusOf(service, byName.get(service.name)));
}

export const isSettled = ({ phase }: ServiceStatus): boolean => phase === 'ready' || phase === 'done';

export class NotReady extends Error {
  override name = 'NotReady';
  readonly service: string | undefined;
  constructor(message: string, service?: string) {
    super(message);
    this.service = service;
  }
}

export interface WaitOptions {
  socket: string;
  services: readonly Service[];
  timeoutMs: number;
  /** Asked once every process is ready; names what is not yet, e.g. a part that answers only through another. */
  pending: () => Promise<string[]>;
  onStatus(statuses: readonly ServiceStatus[], pending: readonly string[]): void;
}

/** A process that has ended this often without becoming ready will not become ready. */
const HOPELESS_RESTARTS = 3;

/** @throws NotReady naming the service that failed, or what the time ran out on */
export async function waitUntilReady(options: WaitOptions): Promise<void> {
  const until = performance.now() + options.timeoutMs;
  for (;;) {
    const statuses = await readStatus(options.socket, options.services);
    if (statuses === undefined) throw new NotReady('the process supervisor has gone');
    const failed = statuses.find(
      (status) =>
        (status.phase === 'failed' && status.kind === 'job') ||
        (status.restarts >= HOPELESS_RESTARTS && !isSettled(status)),
    );
    if (failed)
      throw new NotReady(
        failed.kind === 'job'
          ? `${failed.name} failed with exit code ${failed.exitCode ?? '?'}`
          : `${failed.name} ended ${failed.restarts} times before it was ready`,
        failed.name,
      );
    const unsettled = statuses.filter((status) => !isSettled(status));
    const pending = unsettled.length === 0 ? await options.pending() : [];
    options.onStatus(statuses, pending);
    if (unsettled.length === 0 && pending.length === 0) return;
    if (performance.now() > until) {
      const names = [...unsettled.map((status) => status.name), ...pending];
      throw new NotReady(
        `not ready after ${Math.round(options.timeoutMs / 1000)} s: ${names.join(', ')}`,
        unsettled[0]?.name,
      );
    }
    // The supervisor walks the process table for every answer: asked more often, it slows down what it starts.
    await sleep(1_000);
  }
}
