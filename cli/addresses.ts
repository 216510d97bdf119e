import type { Config } from '../config/config.ts';

/** The web pages of an installation. */
export function addresses(config: Config): Record<'airflow' | 'temporal' | 'minio' | 'dashboard', string> {
  return {
    dashboard: config.dashboard.url,
    airflow: config.airflow.url,
    temporal: config.temporal.uiUrl,
    minio: `http://127.0.0.1:${config.ports.minioConsole}`,
  };
}
