import { join } from 'node:path';
import type { Service, ServiceContext } from './service.ts';

export function minioServices({ config, secrets }: ServiceContext): Service[] {
  const { paths, ports } = config;
  return [
    {
      name: 'minio',
      kind: 'server',
      needs: [],
      command: [
        ...[join(paths.tools, 'bin', 'minio'), 'server', '--quiet'],
        // It also listens on [::1] of the same port: MinIO opens every loopback address, whatever it is told.
        ...['--address', `127.0.0.1:${ports.minio}`, '--console-address', `127.0.0.1:${ports.minioConsole}`],
        // Its default is in the person's home, where a certificate of something else would switch it to TLS.
        ...['--certs-dir', join(paths.run, 'minio-certs')],
        join(paths.data, 'minio'),
      ],
      cwd: join(paths.data, 'minio'),
      env: {
        MINIO_ROOT_USER: secrets.minio_root_user,
        MINIO_ROOT_PASSWORD: secrets.minio_root_password,
        MINIO_BROWSER_REDIRECT: 'false',
        MINIO_UPDATE: 'off',
      },
      ready: { kind: 'http', port: ports.minio, path: '/minio/health/ready' },
      ports: ['minio', 'minioConsole'],
    },
  ];
}
