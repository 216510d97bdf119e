import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { codeFingerprints, rulesFingerprint } from '../../../config/code-fingerprints.ts';
import { loadConfig } from '../../../config/config.ts';
import { REPOSITORY } from '../../../config/paths.ts';
import { workerServices } from '../../../infra/services/workers.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'fingerprints-'));
  for (const path of [
    'contracts',
    'generator',
    'spark/jobs',
    'spark/reprise_spark',
    'dbt/models',
    'dbt/macros',
  ])
    cpSync(join(REPOSITORY, path), join(root, path), { recursive: true });
  for (const file of ['activities/generate.ts', 'dbt/dbt_project.yml'])
    cpSync(join(REPOSITORY, file), join(root, file));
});
afterAll(() => rmSync(root, { recursive: true }));

test('of the same code are the same, wherever it lies', () => {
  expect(codeFingerprints(root)).toEqual(codeFingerprints());
  expect(rulesFingerprint(root)).toBe(rulesFingerprint());
});

test('what Python leaves beside its sources is none of them', () => {
  const before = codeFingerprints(root);
  mkdirSync(join(root, 'spark/reprise_spark/__pycache__'), { recursive: true });
  writeFileSync(join(root, 'spark/reprise_spark/__pycache__/classify.cpython-311.pyc'), 'bytes');
  expect(codeFingerprints(root)).toEqual(before);
});

test.each([
  ['contracts/events.ts', ['ingest']],
  ['generator/random.ts', ['generate']],
  ['spark/reprise_spark/reasons.py', ['ingest']],
  ['dbt/dbt_project.yml', ['build']],
])('%s changes that of %s', (file, steps) => {
  const before = codeFingerprints(root);
  const rules = rulesFingerprint(root);
  appendFileSync(join(root, file), '\n');
  const after: Record<string, string> = codeFingerprints(root);
  const changed = Object.entries(before).filter(([step, print]) => after[step] !== print);
  expect(changed.map(([step]) => step)).toEqual(steps);
  expect(rulesFingerprint(root) !== rules).toBe(file === 'contracts/events.ts');
});

test('the worker that judges is told which rules it is started for: others start it anew', () => {
  const config = loadConfig({ REPRISE_INSTANCE: 'unit', REPRISE_PORT_BASE: '20000' });
  const services = workerServices({
    config,
    secrets: {},
    settings: {},
    node: 'node',
    overrides: {},
  } as never);
  const [control] = services.filter(({ name }) => name === 'worker-control');
  expect(control?.command.slice(-2)).toEqual(['--rules', rulesFingerprint()]);
});
