import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Paths, pathsFor } from '../../config/paths.ts';
import { isAlive } from '../../infra/file-lock.ts';
import { Display } from './display.ts';
import { END_TO_END_INSTANCE, findPortBase, isolatedEnvironment, isTestInstance } from './isolation.ts';
import { Preparations } from './preparations.ts';
import { runProgram } from './program.ts';
import { schedule } from './scheduler.ts';
import type { Outcome, Suite } from './suite.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Two runs in one work tree would wipe each other's data. */
export class AlreadyRunning extends Error {
  override name = 'AlreadyRunning';
  constructor(pid: number) {
    super(`tests already run here (process ${pid})`);
  }
}

/** Runs the suites and stops whatever they started. @returns whether everything passed */
export async function runSuites(suites: readonly Suite[], environment: NodeJS.ProcessEnv): Promise<boolean> {
  const paths = pathsFor(END_TO_END_INSTANCE, environment);
  const folder = join(paths.repository, '.reprise', 'test');
  const lock = join(paths.repository, '.reprise', 'test.pid');
  takeLock(lock);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });

  const env = isolatedEnvironment(environment, await findPortBase());
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  for (const signal of SIGNALS) process.on(signal, stop);
  const display = new Display();
  const logOf = (name: string): string => join(folder, `${name}.log`);
  const preparations = new Preparations({
    paths,
    display,
    env,
    log: logOf('preparations'),
    signal: stopping.signal,
  });
  let outcomes: Outcome[] = [];
  try {
    outcomes = await schedule({
      suites,
      signal: stopping.signal,
      ready: (need) => preparations.ready(need),
      started: (suite) => display.started(suite.name),
      ended: (suite, outcome) => display.suiteEnded(suite, outcome, logOf(suite.name)),
      run: (suite) =>
        suite.run({
          paths,
          env,
          log: logOf(suite.name),
          results: (extension) => join(folder, `${suite.name}.${extension}`),
          signal: stopping.signal,
        }),
    });
  } finally {
    for (const instance of testInstances(paths)) await bringDown(instance, env, logOf(`down-${instance}`));
    if (stopping.signal.aborted) display.line('  interrupted');
    display.close(outcomes);
    rmSync(lock, { force: true });
    for (const signal of SIGNALS) process.off(signal, stop);
  }
  // What was being installed has no use for the rest of its work, and nobody waits for it.
  if (stopping.signal.aborted) process.kill(process.pid, 'SIGTERM');
  return !stopping.signal.aborted && outcomes.length > 0 && outcomes.every((outcome) => outcome.failed === 0);
}

function testInstances({ instance }: Paths): string[] {
  const folder = dirname(instance);
  return existsSync(folder) ? readdirSync(folder).filter(isTestInstance) : [];
}

function takeLock(lock: string): void {
  const holder = existsSync(lock) ? Number(readFileSync(lock, 'utf8')) : 0;
  if (holder && isAlive(holder)) throw new AlreadyRunning(holder);
  mkdirSync(dirname(lock), { recursive: true });
  writeFileSync(lock, String(process.pid));
}

/** A suite that was killed has not stopped its servers; one that ended well has, and this finds nothing to do. */
async function bringDown(instance: string, env: Record<string, string>, log: string): Promise<void> {
  const { repository } = pathsFor(instance, env);
  await runProgram({
    program: process.execPath,
    args: [join(repository, 'cli', 'main.ts'), 'down'],
    cwd: repository,
    env: { ...env, REPRISE_INSTANCE: instance },
    log,
    signal: AbortSignal.timeout(120_000),
  });
}
