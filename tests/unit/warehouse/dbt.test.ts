import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createDbt, type Dbt, type DbtBuild } from '../../../clients/dbt.ts';

let folder: string;
let dbt: Dbt;
const quiet = { signal: new AbortController().signal, note: () => undefined };
const build: DbtBuild = {
  window: '2026-01-05T08:00Z',
  affectedDates: ['2026-01-04', '2026-01-05'],
  resumeKey: 'run 1',
  warehouse: { WAREHOUSE: 'duckdb' },
};

/** A program that writes down how it was called, leaves the results and ends with the code of the next plan. */
const PROGRAM = `#!${process.execPath}
const fs = require('node:fs');
const path = require('node:path');
const folder = path.dirname(__filename);
const target = process.argv[process.argv.indexOf('--target-path') + 1];
fs.appendFileSync(path.join(folder, 'calls'), JSON.stringify({ args: process.argv.slice(2), warehouse: process.env.WAREHOUSE }) + '\\n');
const { results, code } = JSON.parse(fs.readFileSync(path.join(folder, 'plan'), 'utf8'));
if (results) fs.writeFileSync(path.join(target, 'run_results.json'), JSON.stringify({ results }));
process.exit(code);
`;

const MODEL = 'model.reprise.sessions';
const TEST = 'test.reprise.unique_sessions.1';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reprise-dbt-'));
  await writeFile(join(folder, 'dbt.cjs'), PROGRAM);
  await chmod(join(folder, 'dbt.cjs'), 0o755);
  dbt = createDbt({
    program: join(folder, 'dbt.cjs'),
    project: folder,
    state: join(folder, 'state'),
    inherited: { PATH: process.env.PATH ?? '' },
  });
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function plan(code: number, results?: { unique_id: string; status: string; message?: string }[]) {
  await writeFile(join(folder, 'plan'), JSON.stringify({ code, results }));
}

async function calls(): Promise<{ args: string[]; warehouse: string }[]> {
  const lines = (await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n');
  return lines.map((line) => JSON.parse(line) as { args: string[]; warehouse: string });
}

test('builds the affected days of the window and counts what it built', async () => {
  await plan(0, [
    { unique_id: MODEL, status: 'success' },
    { unique_id: TEST, status: 'pass' },
  ]);
  expect(await dbt.build(build, quiet)).toMatchObject({ models: 1, tests: 1, resumed: false });
  const [call] = await calls();
  expect(call?.warehouse).toBe('duckdb');
  expect(call?.args).toContain('build');
  expect(JSON.parse(call?.args[call.args.indexOf('--vars') + 1] ?? '')).toEqual({
    window_start: '2026-01-05 08:00:00',
    window_end: '2026-01-05 09:00:00',
    affected_dates: ['2026-01-04', '2026-01-05'],
  });
  expect(await readdir(join(folder, 'state'))).toEqual([]);
});

test('goes on where an earlier attempt of the same run failed', async () => {
  await plan(1, [
    { unique_id: MODEL, status: 'success' },
    { unique_id: TEST, status: 'error', message: 'IO Error: disk' },
  ]);
  await expect(dbt.build(build, quiet)).rejects.toMatchObject({ code: 'Unavailable' });
  await plan(0, [{ unique_id: TEST, status: 'pass' }]);
  expect(await dbt.build(build, quiet)).toMatchObject({ resumed: true });
  expect((await calls())[1]?.args).toContain('retry');
});

test('starts afresh for another run, whose input may be another', async () => {
  await plan(1, [
    { unique_id: MODEL, status: 'success' },
    { unique_id: TEST, status: 'fail' },
  ]);
  await expect(dbt.build(build, quiet)).rejects.toMatchObject({ code: 'DataQualityFailed' });
  await plan(0, []);
  expect(await dbt.build({ ...build, resumeKey: 'run 2' }, quiet)).toMatchObject({ resumed: false });
  expect((await calls())[1]?.args).toContain('build');
});

test('starts afresh when the earlier attempt broke before its first node', async () => {
  await plan(2);
  await expect(dbt.build(build, quiet)).rejects.toMatchObject({ code: 'SubprocessFailed' });
  await plan(0, []);
  expect(await dbt.build(build, quiet)).toMatchObject({ resumed: false });
});
