import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from './paths.ts';

/** The reference rules: what decides whether a record is valid. */
const RULES = ['classify', 'events', 'quarantine', 'readable-type'].map((name) => `contracts/${name}.ts`);

/** By step, the files that decide what it makes of the same input; the other steps hand on what they are given. */
const MADE_BY = {
  generate: ['generator', 'activities/generate.ts'],
  ingest: ['spark/jobs/ingest.py', 'spark/reprise_spark', 'contracts/generated/json-schema', ...RULES],
  load: ['contracts/generated/warehouse'],
  build: ['dbt/models', 'dbt/macros', 'dbt/dbt_project.yml'],
} as const;

export type CodeFingerprints = Record<keyof typeof MADE_BY, string>;

/** Of the rules as they stand in the checkout now. A process that has loaded older ones does not know it by itself. */
export const rulesFingerprint = (root = REPOSITORY): string => fingerprintOf(root, RULES);

export function codeFingerprints(root = REPOSITORY): CodeFingerprints {
  const each = Object.entries(MADE_BY).map(([step, paths]) => [step, fingerprintOf(root, paths)]);
  return Object.fromEntries(each) as CodeFingerprints;
}

function fingerprintOf(root: string, paths: readonly string[]): string {
  const hash = createHash('sha256');
  for (const path of paths.flatMap((one) => filesIn(root, one)).sort())
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update('\0');
  return hash.digest('hex').slice(0, 16);
}

/** Sources only: beside them lies what Python and dbt leave. */
const SOURCE = /\.(ts|py|json|sql|yml|csv)$/;

function filesIn(root: string, path: string): string[] {
  if (!statSync(join(root, path), { throwIfNoEntry: false })?.isDirectory()) return [path];
  return readdirSync(join(root, path), { recursive: true, encoding: 'utf8' })
    .filter((name) => SOURCE.test(name) && !name.includes('__pycache__'))
    .map((name) => join(path, name));
}
