import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Paths } from '../config/paths.ts';
import { ensureSecrets, generateSecrets, readSecrets, type Secrets } from '../config/secrets.ts';

/** What an installation decides once, at its first `up`, and keeps: not secret, unlike secrets.json. */
export const Settings = z.object({
  kafka_cluster_id: z.string().regex(/^[\w-]{22}$/),
  /** The first hour the schedule covers, so that a new installation has no past to catch up with. */
  schedule_from: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:00Z$/),
});
export type Settings = z.infer<typeof Settings>;

export interface Instance {
  secrets: Secrets;
  settings: Settings;
}

/** Folders, secrets and settings of an installation; creates what is missing, changes nothing that is there. */
export function prepareInstance(paths: Paths, now = new Date()): Instance {
  // Data and generated configuration hold what the servers hold: for the owner alone.
  for (const folder of [paths.instance, paths.run, paths.data, paths.logs])
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const folder of ['kafka', 'minio', 'temporal', 'airflow', 'catalog', 'warehouse'])
    mkdirSync(join(paths.data, folder), { recursive: true });
  for (const folder of [paths.serving, paths.scratch]) mkdirSync(folder, { recursive: true });
  return { secrets: ensureSecrets(paths.secretsFile), settings: ensureSettings(paths, now) };
}

/** The same without creating anything: what is missing is made up, and forgotten. */
export function readInstance(paths: Paths, now = new Date()): Instance {
  return {
    secrets: readSecrets(paths.secretsFile) ?? generateSecrets(),
    settings: readSettings(paths) ?? generateSettings(now),
  };
}

const settingsFile = (paths: Paths): string => join(paths.instance, 'settings.json');

function readSettings(paths: Paths): Settings | undefined {
  const file = settingsFile(paths);
  return existsSync(file) ? Settings.parse(JSON.parse(readFileSync(file, 'utf8'))) : undefined;
}

function generateSettings(now: Date): Settings {
  return {
    kafka_cluster_id: randomBytes(16).toString('base64url'),
    schedule_from: `${now.toISOString().slice(0, 13)}:00Z`,
  };
}

function ensureSettings(paths: Paths, now: Date): Settings {
  const existing = readSettings(paths);
  if (existing) return existing;
  const settings = generateSettings(now);
  writePrivate(settingsFile(paths), `${JSON.stringify(settings, null, 2)}\n`);
  return settings;
}

/** Replaces a file whole, readable by its owner only. */
export function writePrivate(file: string, content: string): void {
  const draft = `${file}.${process.pid}.new`;
  writeFileSync(draft, content, { mode: 0o600 });
  renameSync(draft, file);
}
