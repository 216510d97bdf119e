import { join } from 'node:path';
import type { Paths } from '../../config/paths.ts';
import { venvProgram } from '../../config/paths.ts';
import { checksSuite, pytestSuite, vitestSuite } from './kinds.ts';
import type { Suite } from './suite.ts';

const nodeProgram = (paths: Paths, name: string): string =>
  join(paths.repository, 'node_modules', '.bin', name);

/** Where there is Python to type-check: what mypy is given there, and whose environment has mypy. */
const TYPED_PYTHON = [
  { folder: 'airflow', venv: 'airflow', args: ['plugins', 'dags'] },
  { folder: 'spark', venv: 'spark', args: [] },
  { folder: 'dashboard', venv: 'dashboard', args: [] },
  { folder: 'dbt', venv: 'spark', args: [] },
  { folder: 'infra/bigquery-emulator', venv: 'spark', args: [] },
];

/** Folders with Python in them, for ruff. */
const PYTHON_FOLDERS = ['airflow', 'spark', 'dbt', 'dashboard', 'infra'];

const STATIC: Suite[] = [
  checksSuite(
    { name: 'format', group: 'static', title: 'format of TypeScript and JSON', places: 1, needs: [] },
    ({ paths }) => [{ title: 'biome', program: nodeProgram(paths, 'biome'), args: ['format', '.'] }],
  ),
  checksSuite(
    { name: 'lint', group: 'static', title: 'lint of TypeScript', places: 1, needs: [] },
    ({ paths }) => [{ title: 'oxlint', program: nodeProgram(paths, 'oxlint'), args: ['--deny-warnings'] }],
  ),
  checksSuite(
    { name: 'types', group: 'static', title: 'types of TypeScript', places: 1, needs: [] },
    ({ paths }) => [
      {
        title: 'tsc',
        program: nodeProgram(paths, 'tsc'),
        args: ['--project', 'tsconfig.json', '--pretty', 'false'],
      },
    ],
  ),
  checksSuite(
    { name: 'dead-code', group: 'static', title: 'unused files, exports and packages', places: 1, needs: [] },
    ({ paths }) => [{ title: 'knip', program: nodeProgram(paths, 'knip'), args: ['--no-progress'] }],
  ),
  checksSuite(
    {
      name: 'contracts',
      group: 'static',
      title: 'generated schemas match the contracts',
      places: 1,
      needs: [],
    },
    () => [{ title: 'contracts', program: process.execPath, args: ['cli/main.ts', 'contracts', '--check'] }],
  ),
  vitestSuite({ name: 'quality', group: 'static', title: 'layers and house rules', places: 1, needs: [] }),
  checksSuite(
    {
      name: 'python-style',
      group: 'static',
      title: 'format and lint of Python',
      places: 1,
      needs: ['tools'],
    },
    ({ paths }) =>
      [['format', '--check'], ['check']].map((args) => ({
        title: `ruff ${args[0]}`,
        program: venvProgram(paths, 'spark', 'ruff'),
        args: [...args, '--no-cache', ...PYTHON_FOLDERS],
      })),
  ),
  checksSuite(
    { name: 'python-types', group: 'static', title: 'types of Python', places: 1, needs: ['tools'] },
    ({ paths }) =>
      TYPED_PYTHON.map(({ folder, venv, args }) => ({
        title: `mypy ${folder}`,
        program: venvProgram(paths, venv, 'python'),
        args: ['-m', 'mypy', ...args],
        cwd: folder,
      })),
  ),
];

const PARTS: Suite[] = [
  vitestSuite({ name: 'unit', group: 'unit', title: 'parts by themselves', places: 1, needs: [] }),
  vitestSuite({ name: 'realism', group: 'unit', title: 'published figures are met', places: 1, needs: [] }),
  pytestSuite(
    { name: 'spark', group: 'python', title: 'Spark transforms and jobs', places: 1, needs: ['tools'] },
    'spark',
  ),
  vitestSuite({
    name: 'workflows',
    group: 'unit',
    title: 'workflows, and replay of recorded ones',
    places: 1,
    needs: ['tools'],
  }),
  pytestSuite(
    {
      name: 'airflow',
      group: 'python',
      title: 'DAGs load, operator and trigger',
      places: 1,
      needs: ['tools'],
    },
    'airflow',
  ),
  checksSuite(
    {
      name: 'dbt-parse',
      group: 'python',
      title: 'the dbt project, read for both warehouses',
      places: 1,
      needs: ['tools'],
    },
    ({ paths, results }) =>
      ['duckdb', 'bigquery'].map((target) => ({
        title: `dbt parse ${target}`,
        program: venvProgram(paths, 'dbt', 'dbt'),
        args: [
          ...['--no-use-colors', '--warn-error', 'parse', '--no-partial-parse', '--profiles-dir', '.'],
          ...['--target', target, '--target-path', results(target), '--log-path', results(`${target}-logs`)],
        ],
        cwd: 'dbt',
      })),
  ),
  pytestSuite(
    { name: 'dbt', group: 'python', title: 'dbt builds, their rules and tests', places: 1, needs: ['tools'] },
    'dbt',
  ),
  pytestSuite(
    { name: 'dashboard', group: 'python', title: 'dashboard pages', places: 1, needs: ['tools'] },
    'dashboard',
  ),
];

const SERVERS: Suite[] = [
  vitestSuite({
    name: 'parity',
    group: 'servers',
    title: 'the same marts from DuckDB and BigQuery (emulator)',
    places: 2,
    needs: ['tools', 'emulator'],
  }),
  vitestSuite({
    name: 'integration',
    group: 'servers',
    title: 'clients and steps against real servers',
    places: 2,
    needs: ['tools'],
  }),
  vitestSuite({
    name: 'e2e',
    group: 'servers',
    title: 'windows through the whole stack, seen in a browser',
    places: 2,
    needs: ['tools', 'browser'],
  }),
  vitestSuite({
    name: 'faults',
    group: 'servers',
    title: 'a window that servers, workers and lines fail under, one in every step',
    places: 2,
    needs: ['tools'],
  }),
  vitestSuite({
    name: 'live',
    group: 'servers',
    title: 'the stream under bursts and restarts (only when it is named)',
    places: 2,
    needs: ['tools'],
    onDemand: true,
  }),
];

export const SUITES: readonly Suite[] = [...STATIC, ...PARTS, ...SERVERS];

export const GROUPS = [...new Set(SUITES.map((suite) => suite.group))];

/**
 * The suites named, by name or group, in their own order; those on demand only by their names. All others when none is named.
 * @throws UnknownSuite
 */
export function chooseSuites(names: readonly string[] | undefined): readonly Suite[] {
  const usual = SUITES.filter(({ onDemand = false }) => !onDemand);
  if (names === undefined) return usual;
  const unknown = names.find((name) => !SUITES.some((suite) => suite.name === name || suite.group === name));
  if (unknown !== undefined) throw new UnknownSuite(unknown);
  return SUITES.filter(
    (suite) => names.includes(suite.name) || (names.includes(suite.group) && usual.includes(suite)),
  );
}

export class UnknownSuite extends Error {
  override name = 'UnknownSuite';
  constructor(name: string) {
    super(`there is no suite or group "${name}"`);
  }
}
