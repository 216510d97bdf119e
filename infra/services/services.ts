import type { Config } from '../../config/config.ts';
import { airflowServices, writeAirflowPasswords } from './airflow.ts';
import { dashboardServices } from './dashboard.ts';
import { kafkaServices, writeKafkaProperties } from './kafka.ts';
import { minioServices } from './minio.ts';
import type { Service, ServiceContext } from './service.ts';
import { temporalServices } from './temporal.ts';
import { initService, workerServices } from './workers.ts';

/** A part of the stack that configuration may point elsewhere; then it is not started here. */
export type Part = 'kafka' | 'minio' | 'temporal' | 'airflow' | 'dashboard';

export function localParts(config: Config): Set<Part> {
  const here = (address: string, port: number): boolean => address === `127.0.0.1:${port}`;
  const url = (address: string, port: number): boolean => address === `http://127.0.0.1:${port}`;
  const { ports } = config;
  const parts: [Part, boolean][] = [
    ['kafka', config.kafka.brokers.some((broker) => here(broker, ports.kafka))],
    ['minio', url(config.objectStore.endpoint, ports.minio)],
    ['temporal', here(config.temporal.address, ports.temporal)],
    ['airflow', url(config.airflow.url, ports.airflow)],
    ['dashboard', url(config.dashboard.url, ports.dashboard)],
  ];
  return new Set(parts.filter(([, local]) => local).map(([part]) => part));
}

/** Every process of this installation, in the order in which a person thinks of them. */
export function services(context: ServiceContext): Service[] {
  const parts = localParts(context.config);
  const all = [
    ...(parts.has('kafka') ? kafkaServices(context) : []),
    ...(parts.has('minio') ? minioServices(context) : []),
    ...(parts.has('temporal') ? temporalServices(context) : []),
    initService(context),
    ...(parts.has('airflow') ? airflowServices(context) : []),
    ...workerServices(context),
    ...(parts.has('dashboard') ? dashboardServices(context) : []),
  ];
  const present = new Set(all.map((service) => service.name));
  return all.map((service) => ({ ...service, needs: service.needs.filter((name) => present.has(name)) }));
}

/** The named services and what they need. A name also stands for all that begin with it: `airflow`, `worker`. */
export function withNeeds(all: readonly Service[], only: readonly string[]): Service[] {
  const wanted = new Set<string>();
  const add = (service: Service): void => {
    if (wanted.has(service.name)) return;
    wanted.add(service.name);
    for (const need of all) if (service.needs.includes(need.name)) add(need);
  };
  for (const name of only) {
    const matching = all.filter((service) => service.name === name || service.name.startsWith(`${name}-`));
    if (matching.length === 0) throw new UnknownService(name, all);
    matching.forEach(add);
  }
  return all.filter((service) => wanted.has(service.name));
}

export class UnknownService extends Error {
  override name = 'UnknownService';
  readonly mend: string;
  constructor(name: string, known: readonly { name: string }[]) {
    super(`there is no service "${name}"`);
    this.mend = `choose from ${known.map((service) => service.name).join(', ')}`;
  }
}

/** The files that the servers read at start. */
export function writeServerFiles(context: ServiceContext): void {
  writeKafkaProperties(context);
  writeAirflowPasswords(context);
}
