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
const { WAREHOUSE, REPRISE_AFFECTED_DATES, REPRISE_WINDOW_START, REPRISE_WINDOW_END } = process.env;
const parsed = path.join(target, 'partial_parse.msgpack');
const call = {
  args: process.argv.slice(2),
  env: { WAREHOUSE, REPRISE_AFFECTED_DATES, REPRISE_WINDOW_START, REPRISE_WINDOW_END },
  parsed: fs.existsSync(parsed),
};
fs.appendFileSync(path.join(folder, 'calls'), JSON.stringify(call) + '\\n');
fs.writeFileSync(parsed, 'the project');
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

interface Call {
  args: string[];
  env: Record<string, string>;
  parsed: boolean;
}

async function calls(): Promise<Call[]> {
  const lines = (await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Call);
}

test('builds the affected days of the window and counts what it built', async () => {
  await plan(0, [
    { unique_id: MODEL, status: 'success' },
    { unique_id: TEST, status: 'pass' },
  ]);
  expect(await dbt.build(build, quiet)).toMatchObject({ models: 1, tests: 1, resumed: false });
  const [call] = await calls();
  expect(call?.args).toContain('build');
  expect(call?.env).toEqual({
    WAREHOUSE: 'duckdb',
    REPRISE_AFFECTED_DATES: '2026-01-04,2026-01-05',
    REPRISE_WINDOW_START: '2026-01-05 08:00:00',
    REPRISE_WINDOW_END: '2026-01-05 09:00:00',
  });
  expect(await readdir(join(folder, 'state'))).toEqual(['partial_parse.msgpack']);
});

test('hands the parsed project from one window to the next', async () => {
  await plan(0, []);
  await dbt.build(build, quiet);
  await dbt.build({ ...build, window: '2026-01-05T09:00Z' }, quiet);
  expect((await calls()).map(({ parsed }) => parsed)).toEqual([false, true]);
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

test('takes over a window in the folder of its own, and does not mistake it for its own', async () => {
  const failed = [
    { unique_id: MODEL, status: 'success' },
    { unique_id: TEST, status: 'error', message: 'IO Error: disk' },
  ];
  const other = { ...build, window: '2026-01-05T07:00Z', onBehalfOf: build.window };
  await plan(1, failed);
  await expect(dbt.build(other, quiet)).rejects.toMatchObject({ code: 'Unavailable' });
  expect(await readdir(join(folder, 'state'))).toEqual(['2026-01-05T08-00Z']);
  expect((await calls())[0]?.env).toMatchObject({ REPRISE_WINDOW_START: '2026-01-05 07:00:00' });
  await plan(0, []);
  expect(await dbt.build(build, quiet)).toMatchObject({ resumed: false });
});

test('starts afresh when the earlier attempt broke before its first node', async () => {
  await plan(2);
  await expect(dbt.build(build, quiet)).rejects.toMatchObject({ code: 'SubprocessFailed' });
  await plan(0, []);
  expect(await dbt.build(build, quiet)).toMatchObject({ resumed: false });
});
