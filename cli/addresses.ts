import type { Config } from '../config/config.ts';
import { localParts } from '../infra/services/services.ts';

export type Page = 'dashboard' | 'airflow' | 'temporal' | 'minio';

/** The web pages of an installation. */
export function addresses(config: Config): Record<Page, string> {
  return {
    dashboard: config.dashboard.url,
    airflow: config.airflow.url,
    temporal: config.temporal.uiUrl,
    minio: `http://127.0.0.1:${config.ports.minioConsole}`,
  };
}

const SERVED_BY: Record<Page, string> = {
  dashboard: 'dashboard',
  airflow: 'airflow-api-server',
  temporal: 'temporal',
  minio: 'minio',
};

/** The pages that can be opened: of servers that run here, and of parts that run elsewhere by configuration. */
export function openAddresses(config: Config, running: Iterable<string>): [Page, string][] {
  const names = new Set(running);
  const local = localParts(config);
  const pages = Object.entries(addresses(config)) as [Page, string][];
  return pages.filter(([page]) => names.has(SERVED_BY[page]) || (page !== 'minio' && !local.has(page)));
}
