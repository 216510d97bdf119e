import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { windowBounds, windowKey, type WindowId } from '../contracts/window.ts';
import { classifyDbtFailure, dbtResults, parseDbtLine, type DbtResult } from './dbt-results.ts';
import { systemCode } from './errors.ts';
import { runSubprocess } from './subprocess.ts';
import type { Progress } from './warehouse.ts';

export interface DbtSettings {
  /** The `dbt` program of its Python environment. */
  program: string;
  /** Folder of the dbt project. */
  project: string;
  /** Where builds keep compiled SQL, results and logs: one folder an installation, one below it a window. */
  state: string;
  /** PATH and HOME as the worker has them. */
  inherited: Record<string, string>;
}

export interface DbtBuild {
  window: WindowId;
  /** The window whose step this is, when it finishes what another one left. Two of them must not share a folder. */
  onBehalfOf?: WindowId;
  affectedDates: readonly string[];
  /** Attempts with the same key are attempts at the same thing: a later one resumes where the earlier failed. */
  resumeKey: string;
  warehouse: Record<string, string>;
}

export interface DbtOutcome {
  models: number;
  tests: number;
  seconds: number;
  resumed: boolean;
}

export interface Dbt {
  /**
   * Builds and tests what the days touch.
   * @throws ClientError DataQualityFailed when a test fails, Unavailable while the warehouse is locked, Misconfigured
   */
  build(build: DbtBuild, progress: Progress): Promise<DbtOutcome>;
}

/** The step's own time limit ends a build earlier; this one is for a worker that has lost its server. */
const TIME_LIMIT_MS = 2 * 3_600_000;

/** The parsed project, handed from build to build: parsing takes longer than building a small window. */
const PARSED = 'partial_parse.msgpack';

/** Unit tests judge the code, not the data: they run in `npm test`. */
const WITHOUT_UNIT_TESTS = ['--exclude-resource-type', 'unit_test'];

export function createDbt(settings: DbtSettings): Dbt {
  return {
    async build(build, progress) {
      const folder = join(settings.state, windowKey(build.onBehalfOf ?? build.window));
      const target = join(folder, 'target');
      const requestFile = join(folder, 'request.json');
      const request = JSON.stringify({
        window: build.window,
        resume_key: build.resumeKey,
        affected_dates: build.affectedDates,
      });
      const resumed = (await textOf(requestFile)) === request && canResume(await dbtResults(target));
      if (!resumed) {
        await rm(folder, { recursive: true, force: true });
        await mkdir(target, { recursive: true });
        await writeFile(requestFile, request);
        await unlessMissing(copyFile(join(settings.state, PARSED), join(target, PARSED)));
      }
      const errors: string[] = [];
      const result = await runSubprocess({
        command: settings.program,
        args: [
          ...['--no-use-colors', '--log-format', 'json', '--log-level-file', 'none'],
          ...(resumed ? ['retry'] : ['build', ...WITHOUT_UNIT_TESTS]),
          ...['--project-dir', settings.project, '--profiles-dir', settings.project],
          ...['--target-path', target, '--log-path', join(folder, 'logs')],
        ],
        cwd: settings.project,
        env: { ...settings.inherited, ...build.warehouse, ...runFacts(build), DO_NOT_TRACK: '1' },
        signal: progress.signal,
        timeLimitMs: TIME_LIMIT_MS,
        onLine: (line) => {
          const said = parseDbtLine(line);
          if (said?.level === 'error') errors.push(said.message);
          progress.note(said?.node ? { building: said.node, done: said.index, of: said.total } : {});
        },
      });
      const results = (await dbtResults(target)) ?? [];
      if (result.exitCode !== 0) throw classifyDbtFailure(results, errors, result);
      // What a finished build leaves is large and of no more use; a failed one is kept for `dbt retry` and for people.
      await unlessMissing(rename(join(target, PARSED), join(settings.state, PARSED)));
      await rm(folder, { recursive: true, force: true });
      const count = (type: string): number =>
        results.filter(({ unique_id: id }) => id.startsWith(`${type}.`)).length;
      return { models: count('model'), tests: count('test'), seconds: result.seconds, resumed };
    },
  };
}

/** Read by dbt/macros/run_facts.sql, which says why they are no --vars. */
function runFacts({ window, affectedDates }: DbtBuild): Record<string, string> {
  const { start, end } = windowBounds(window);
  return {
    REPRISE_AFFECTED_DATES: affectedDates.join(','),
    REPRISE_WINDOW_START: sqlTimestamp(start),
    REPRISE_WINDOW_END: sqlTimestamp(end),
  };
}

const sqlTimestamp = (instant: string): string => instant.slice(0, 19).replace('T', ' ');

/** `dbt retry` runs what failed or was skipped; a run that broke before its first node left nothing to go on from. */
function canResume(results: readonly DbtResult[] | undefined): boolean {
  const done = results?.some(({ status }) => status === 'success' || status === 'pass') ?? false;
  const left = results?.some(({ status }) => ['error', 'fail', 'skipped'].includes(status)) ?? false;
  return done && left;
}

function textOf(file: string): Promise<string | undefined> {
  return unlessMissing(readFile(file, 'utf8'));
}

async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
