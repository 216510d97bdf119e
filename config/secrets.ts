import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';

/** Generated once per installation, kept in a file that only its owner may read. */
export const Secrets = z.object({
  minio_root_user: z.string().min(3),
  minio_root_password: z.string().min(16),
  airflow_admin_user: z.string().min(1),
  airflow_admin_password: z.string().min(16),
  airflow_jwt_secret: z.string().min(32),
  airflow_fernet_key: z.string().min(32),
});
export type Secrets = z.infer<typeof Secrets>;

const token = (bytes: number): string => randomBytes(bytes).toString('base64url');

/** A new set, in memory only. */
export function generateSecrets(): Secrets {
  return {
    minio_root_user: `reprise-${randomBytes(4).toString('hex')}`,
    minio_root_password: token(24),
    airflow_admin_user: 'admin',
    airflow_admin_password: token(18),
    airflow_jwt_secret: token(48),
    // Fernet wants 32 bytes in padded url-safe base64.
    airflow_fernet_key: randomBytes(32).toString('base64').replaceAll('+', '-').replaceAll('/', '_'),
  };
}

/** Reads the installation's secrets, or undefined when there are none yet. */
export function readSecrets(file: string): Secrets | undefined {
  if (!existsSync(file)) return undefined;
  return Secrets.parse(JSON.parse(readFileSync(file, 'utf8')));
}

export function ensureSecrets(file: string): Secrets {
  const existing = readSecrets(file);
  if (existing) return existing;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const secrets = generateSecrets();
  const draft = `${file}.${process.pid}.new`;
  writeFileSync(draft, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, file);
  return secrets;
}
