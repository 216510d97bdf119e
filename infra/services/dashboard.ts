import { join } from 'node:path';
import { venvProgram } from '../../config/paths.ts';
import type { Service, ServiceContext } from './service.ts';

export function dashboardServices({ config }: ServiceContext): Service[] {
  const { paths, ports } = config;
  return [
    {
      name: 'dashboard',
      kind: 'server',
      needs: [],
      command: [
        ...[venvProgram(paths, 'dashboard', 'streamlit'), 'run', 'app.py'],
        ...['--server.port', String(ports.dashboard), '--server.address', '127.0.0.1'],
      ],
      // The rest of its configuration is in dashboard/.streamlit, found from here.
      cwd: join(paths.repository, 'dashboard'),
      env: {
        REPRISE_SERVING_DIR: paths.serving,
        TEMPORAL_UI_URL: config.temporal.uiUrl,
        AIRFLOW_URL: config.airflow.url,
        PYTHONUNBUFFERED: '1',
      },
      ready: { kind: 'http', port: ports.dashboard, path: '/_stcore/health' },
      ports: ['dashboard'],
    },
  ];
}
