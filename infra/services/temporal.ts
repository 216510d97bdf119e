import { join } from 'node:path';
import { venvProgram } from '../../config/paths.ts';
import { SEARCH_ATTRIBUTES } from '../../contracts/task-queues.ts';
import type { Service, ServiceContext } from './service.ts';

/** The development server on a file: a running workflow survives a restart. */
export function temporalServices({ config }: ServiceContext): Service[] {
  const { paths, ports } = config;
  return [
    {
      name: 'temporal',
      kind: 'server',
      needs: [],
      command: [
        ...[venvProgram(paths, 'servers', 'temporal'), 'server', 'start-dev'],
        ...['--ip', '127.0.0.1', '--port', String(ports.temporal)],
        ...['--ui-ip', '127.0.0.1', '--ui-port', String(ports.temporalUi), '--ui-disable-news-fetch'],
        ...['--metrics-port', String(ports.temporalMetrics)],
        ...['--db-filename', join(paths.data, 'temporal', 'temporal.db')],
        ...['--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=normal'],
        ...['--namespace', config.temporal.namespace],
        ...['--log-level', 'warn', '--color', 'never'],
        ...Object.entries(SEARCH_ATTRIBUTES).flatMap(([name, type]) => [
          '--search-attribute',
          `${name}=${type}`,
        ]),
      ],
      cwd: join(paths.data, 'temporal'),
      env: { TEMPORAL_DISABLE_UPDATE_CHECK: '1' },
      // Asked through the web server, this reaches the front end and the database behind it.
      ready: { kind: 'http', port: ports.temporalUi, path: '/api/v1/namespaces' },
      ports: ['temporal', 'temporalUi', 'temporalMetrics'],
    },
  ];
}
