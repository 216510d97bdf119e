/** Every TCP port of an installation, as an offset from one base, so that two installations never meet. */
export const DEFAULT_PORT_BASE = 18000;

const OFFSETS = {
  minio: 0,
  minioConsole: 1,
  temporal: 33,
  temporalUi: 34,
  temporalMetrics: 35,
  bigqueryEmulator: 50,
  dashboard: 51,
  airflowSchedulerHealth: 74,
  airflow: 80,
  kafka: 92,
  kafkaController: 93,
  airflowTriggererLog: 94,
  airflowWorkerLog: 95,
} as const;

export type PortName = keyof typeof OFFSETS;
export type Ports = Record<PortName, number>;

export function portsFrom(base: number): Ports {
  return Object.fromEntries(Object.entries(OFFSETS).map(([name, offset]) => [name, base + offset])) as Ports;
}
