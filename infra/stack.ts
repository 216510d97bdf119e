import { type Config, loadConfig, SETTING_NAMES } from '../config/config.ts';
import type { PortName } from '../config/ports.ts';
import { withLock } from './file-lock.ts';
import { type Instance, prepareInstance, readInstance } from './instance.ts';
import { isPortTaken, type Listener, listenerOn } from './ports-in-use.ts';
import { unhealthyAirflowParts } from './services/airflow-health.ts';
import type { Service, ServiceContext } from './services/service.ts';
import { services, withNeeds, writeServerFiles } from './services/services.ts';
import { ownedProcesses } from './supervisor/owned-processes.ts';
import { NotReady, readStatus, type ServiceStatus, waitUntilReady } from './supervisor/readiness.ts';
import { isStarted, socketPath, startSupervisor, stopEverything } from './supervisor/supervisor.ts';
import { join } from 'node:path';

/** The stack of one installation: what belongs to it, and whether it runs. */
export class Stack {
  readonly config: Config;
  readonly #context: ServiceContext;
  readonly #all: readonly Service[];
  #members: readonly Service[];

  private constructor(env: NodeJS.ProcessEnv, instance: Instance, only?: readonly string[]) {
    this.config = loadConfig(env);
    const overrides = Object.fromEntries(
      SETTING_NAMES.flatMap((name) => (env[name] ? [[name, env[name]]] : [])),
    ) as Record<string, string>;
    this.#context = { config: this.config, ...instance, node: process.execPath, overrides };
    this.#all = services(this.#context);
    this.#members = only === undefined ? this.#all : withNeeds(this.#all, only);
  }

  /** Creates the installation's folders, secrets and settings when they are missing. */
  static open(env: NodeJS.ProcessEnv = process.env, only?: readonly string[]): Stack {
    return new Stack(env, prepareInstance(loadConfig(env).paths), only);
  }

  /** To ask about it only: creates nothing. */
  static look(env: NodeJS.ProcessEnv = process.env): Stack {
    return new Stack(env, readInstance(loadConfig(env).paths));
  }

  get services(): readonly Service[] {
    return this.#members;
  }

  /** Makes what runs a part of what is asked for: starting one server anew must not end the others. */
  async includeRunning(): Promise<void> {
    const running = await readStatus(socketPath(this.config.paths), this.#all);
    const names = new Set([...this.#members, ...(running ?? [])].map(({ name }) => name));
    this.#members = this.#all.filter(({ name }) => names.has(name));
  }

  /** Starts what does not run. @throws PortTaken, SupervisorFailure */
  async start(): Promise<'started' | 'restarted' | 'running'> {
    const { paths } = this.config;
    return withLock(join(paths.run, 'start.lock'), async () => {
      const status = await this.status();
      const hasFailed = status?.some(({ phase }) => phase === 'failed') ?? false;
      if (!hasFailed && (await isStarted(paths, this.services))) return 'running';
      await this.includeRunning();
      // A job that failed is not run again by itself, nor what waits for it. Without a status there may be servers
      // whose supervisor was killed: they hold the ports that are needed now.
      if (status === undefined || hasFailed) await stopEverything(paths);
      const [conflict] = await this.portConflicts();
      if (conflict) throw new PortTaken(conflict);
      writeServerFiles(this.#context);
      const result = await startSupervisor(paths, this.services);
      return hasFailed ? 'restarted' : result;
    });
  }

  /** @throws NotReady */
  async waitUntilReady(options: {
    timeoutMs: number;
    onStatus(statuses: readonly ServiceStatus[], pending: readonly string[]): void;
  }): Promise<void> {
    const hasAirflow = this.services.some((service) => service.name === 'airflow-api-server');
    await waitUntilReady({
      socket: socketPath(this.config.paths),
      services: this.services,
      pending: async () => (hasAirflow ? unhealthyAirflowParts(this.config.airflow.url) : []),
      ...options,
    });
  }

  /** @returns how many processes ran */
  async stop(): Promise<number> {
    return stopEverything(this.config.paths);
  }

  /** Undefined when it does not run. */
  async status(): Promise<ServiceStatus[] | undefined> {
    return readStatus(socketPath(this.config.paths), this.services);
  }

  /** Ports that this installation needs and something else holds. */
  async portConflicts(): Promise<PortConflict[]> {
    const own = new Set(await ownedProcesses(this.config.paths.instance));
    const conflicts: PortConflict[] = [];
    for (const service of this.services)
      for (const name of service.ports ?? []) {
        const port = this.config.ports[name];
        if (!(await isPortTaken(port))) continue;
        const holder = listenerOn(port);
        if (holder === undefined || !own.has(holder.pid))
          conflicts.push({ service: service.name, name, port, holder });
      }
    return conflicts;
  }
}

export interface PortConflict {
  service: string;
  name: PortName;
  port: number;
  holder: Listener | undefined;
}

export class PortTaken extends Error {
  override name = 'PortTaken';
  readonly mend: string;
  constructor(conflict: PortConflict) {
    super(describeConflict(conflict));
    this.mend = mendConflict(conflict);
  }
}

export function describeConflict({ port, service, holder }: PortConflict): string {
  const who = holder ? `${holder.program} (process ${holder.pid})` : 'another program';
  return `port ${port}, which ${service} needs, is in use by ${who}`;
}

export function mendConflict({ port }: PortConflict): string {
  // Any base that is free will do; far enough that the two ranges cannot overlap.
  const other = port >= 40_000 ? 20_000 : Math.ceil((port + 1_000) / 1_000) * 1_000;
  return `end that program, or move every port with REPRISE_PORT_BASE=${other}`;
}

export { NotReady };
