import { type Readable } from 'node:stream';
import { constants, existsSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { ClientError, systemCode } from './errors.ts';

/** How much of a program's last words is kept for the error. Characters. */
const TAIL_CHARACTERS = 4_000;
/** How much of a line is kept: a job names every partition of a topic in one. Characters. */
const LINE_CHARACTERS = 64_000;
/** Between asking a process group to end and ending it: Spark needs a moment to release its executors. */
const GRACE_MS = 10_000;

export interface Subprocess {
  command: string;
  args: readonly string[];
  cwd: string;
  /** The whole environment of the child; nothing of our own is added. Never shown in an error. */
  env: Record<string, string>;
  signal: AbortSignal;
  /** Absent: it may run for as long as it likes. */
  timeLimitMs?: number;
  graceMs?: number;
  /** What it gets when this process dies. Default SIGTERM; SIGKILL for a program that may lose whatever it was doing. */
  onOurDeath?: 'TERM' | 'KILL';
  /** Only one program at a time runs under it: a second one waits, and gives up after a while. */
  lockFile?: string;
  /** Called with every line of both streams. */
  onLine?: (line: string) => void;
}

export interface SubprocessResult {
  exitCode: number;
  signal: string | undefined;
  seconds: number;
  /** The last characters of both streams, as they came. */
  tail: string;
}

/** Signals the whole group: spark-submit's JVM and its Python workers are grandchildren. */
function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (systemCode(error) !== 'ESRCH') throw error;
  }
}

function follow(stream: Readable, take: (line: string) => void): void {
  // A program that logs one endless line must not fill our memory; readline alone would keep it.
  createInterface({ input: stream, crlfDelay: Infinity }).on('line', (line) =>
    take(line.slice(0, LINE_CHARACTERS)),
  );
}

/**
 * Runs a program in a process group of its own and waits for it, whatever its exit code.
 * @throws ClientError ResourceMissing (no such program), TimedOut
 * @throws the signal's reason when cancelled; by then no process of the group is left
 */
export async function runSubprocess(run: Subprocess): Promise<SubprocessResult> {
  run.signal.throwIfAborted();
  const startedAt = performance.now();
  let tail = '';
  const take = (line: string): void => {
    tail = `${tail}${line}\n`.slice(-TAIL_CHARACTERS);
    run.onLine?.(line);
  };
  await checkProgram(run.command);
  run.signal.throwIfAborted();
  const [command, args] = dyingWithUs(run.onOurDeath ?? 'TERM', underLock(run));
  const child = execa(command, args, {
    cwd: run.cwd,
    env: run.env,
    extendEnv: false,
    // Its own group, so that a signal reaches grandchildren; cleanup would only reach the child.
    detached: true,
    cleanup: false,
    stdin: 'ignore',
    buffer: false,
    reject: false,
  });
  const { pid } = child;
  if (child.stdout) follow(child.stdout, take);
  if (child.stderr) follow(child.stderr, take);

  let timedOut = false;
  let killTimer: NodeJS.Timeout | undefined;
  const end = (): void => {
    if (pid === undefined || killTimer) return;
    signalGroup(pid, 'SIGTERM');
    killTimer = setTimeout(() => signalGroup(pid, 'SIGKILL'), run.graceMs ?? GRACE_MS);
  };
  const { timeLimitMs } = run;
  const limit =
    timeLimitMs === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          end();
        }, timeLimitMs);
  run.signal.addEventListener('abort', end, { once: true });
  try {
    const result = await child;
    if (result.exitCode === undefined && pid === undefined) throw cannotStart(run.command, result);
    if (run.signal.aborted) throw run.signal.reason;
    if (timedOut) {
      throw new ClientError('TimedOut', `${run.command} did not end within ${(timeLimitMs ?? 0) / 1000} s`, {
        details: { tail },
      });
    }
    return {
      exitCode: result.exitCode ?? 128,
      signal: result.signal,
      seconds: (performance.now() - startedAt) / 1000,
      tail,
    };
  } finally {
    clearTimeout(limit);
    clearTimeout(killTimer);
    run.signal.removeEventListener('abort', end);
    // The child may be gone while something it started still runs.
    if (pid !== undefined) signalGroup(pid, 'SIGKILL');
  }
}

const found = (name: string): string | undefined =>
  [`/usr/bin/${name}`, `/bin/${name}`].find((path) => existsSync(path));
const SETPRIV = found('setpriv');
const FLOCK = found('flock');

type CommandLine = [string, readonly string[]];

/**
 * Where Linux offers it, the program gets a signal when this process dies: after a crash the retry would otherwise run
 * beside an orphaned JVM.
 */
function dyingWithUs(signal: 'TERM' | 'KILL', [command, args]: CommandLine): CommandLine {
  return SETPRIV ? [SETPRIV, ['--pdeathsig', signal, '--', command, ...args]] : [command, args];
}

/** How long a program waits for the one that holds its lock; sysexits.h: EX_TEMPFAIL. */
const LOCK_WAIT_SECONDS = '90';
const LOCK_REFUSED = '75';

/** The kernel gives the lock back when the last process that has inherited it is gone, however it ended. */
function underLock({ command, args, lockFile }: Subprocess): CommandLine {
  if (lockFile === undefined || !FLOCK) return [command, args];
  const flock = ['--no-fork', '--timeout', LOCK_WAIT_SECONDS, '--conflict-exit-code', LOCK_REFUSED];
  return [FLOCK, [...flock, lockFile, command, ...args]];
}

async function checkProgram(command: string): Promise<void> {
  // A name without a folder is looked up in PATH by the system itself.
  if (!isAbsolute(command)) return;
  try {
    await access(command, constants.X_OK);
  } catch (error) {
    throw cannotStart(command, error);
  }
}

function cannotStart(command: string, error: unknown): ClientError {
  const code = systemCode(error) ?? systemCode((error as { cause?: unknown }).cause);
  return code === 'EACCES'
    ? new ClientError('AccessDenied', `${command} may not be executed`, { cause: error })
    : new ClientError('ResourceMissing', `${command} could not be started (${code ?? 'unknown reason'})`, {
        cause: error,
      });
}

/** The error for a program that ended badly; the caller knows whether trying again can help. */
export function subprocessFailed(name: string, result: SubprocessResult, retryable: boolean): ClientError {
  const how = result.signal ? `was ended by ${result.signal}` : `ended with exit code ${result.exitCode}`;
  const lastLine = result.tail.trimEnd().split('\n').at(-1) ?? '';
  return new ClientError('SubprocessFailed', `${name} ${how}: ${lastLine.slice(0, 300)}`, {
    retryable,
    details: { exit_code: result.exitCode, tail: result.tail },
  });
}
