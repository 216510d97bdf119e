import { createWriteStream, readFileSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import { execa } from 'execa';

export interface Program {
  program: string;
  args: readonly string[];
  cwd: string;
  env: Record<string, string>;
  log: string;
  signal: AbortSignal;
}

const GRACE_MS = 15_000;
const groups = new Set<number>();

// Nothing may outlive the runner, not even when it dies of an uncaught error.
process.on('exit', () => {
  for (const group of groups) signalGroup(group, 'SIGKILL');
});

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/**
 * Runs a program with its output appended to the log, in a process group of its own, so that what it started in turn
 * (a JVM, test workers) ends with it. A program that does not start counts as exit code 127.
 */
export async function runProgram({ program, args, cwd, env, log, signal }: Program): Promise<number> {
  if (signal.aborted) return 130;
  const output = createWriteStream(log, { flags: 'a' });
  output.write(`$ ${program} ${args.join(' ')}\n`);
  const child = execa(program, args, {
    cwd,
    env,
    extendEnv: false,
    reject: false,
    detached: true,
    buffer: false,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const group = child.pid;
  if (group !== undefined) groups.add(group);
  child.stdout.pipe(output, { end: false });
  child.stderr.pipe(output, { end: false });
  let force: NodeJS.Timeout | undefined;
  const stop = (): void => {
    if (group === undefined) return;
    signalGroup(group, 'SIGTERM');
    force = setTimeout(() => signalGroup(group, 'SIGKILL'), GRACE_MS);
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    const result = await child;
    if (result.exitCode === undefined && result.shortMessage) output.write(`${result.shortMessage}\n`);
    return result.exitCode ?? (result.isTerminated ? 128 : 127);
  } finally {
    signal.removeEventListener('abort', stop);
    clearTimeout(force);
    if (group !== undefined) {
      // Stragglers of the group: their parent is gone, and with it any use they had.
      signalGroup(group, 'SIGTERM');
      groups.delete(group);
    }
    output.end();
    await finished(output);
  }
}

/** The last lines of a log, for a failure that has no better account of itself. */
export function tailOf(log: string, lines = 25): string {
  try {
    return readFileSync(log, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}
