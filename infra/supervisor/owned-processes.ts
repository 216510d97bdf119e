import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { isAlive } from '../file-lock.ts';

/**
 * In the environment of every process of an installation, inherited by what those start. It finds them when nothing
 * else can: after the supervisor was killed, after a half start, under any parent and in any process group.
 */
export const OWNER_VARIABLE = 'REPRISE_INSTANCE_DIR';

/** The living processes that carry this installation's mark, except this one. */
export async function ownedProcesses(instance: string): Promise<number[]> {
  const mark = `${OWNER_VARIABLE}=${instance}`;
  const found = process.platform === 'linux' ? markedInProc(mark) : await markedInProcessList(mark);
  return found.filter((pid) => pid !== process.pid && pid !== process.ppid);
}

function markedInProc(mark: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(mark);
      } catch {
        // Another user's process, or one that has just ended.
        return false;
      }
    })
    .map(Number);
}

async function markedInProcessList(mark: string): Promise<number[]> {
  const { stdout } = await execa('ps', ['axeww', '-o', 'pid=,command=']);
  return stdout
    .split('\n')
    .filter((line) => `${line} `.includes(` ${mark} `))
    .map((line) => Number.parseInt(line, 10));
}

/** Asks each to end, then ends those that do not. @returns how many there were */
export async function endProcesses(instance: string, graceMs: number): Promise<number> {
  const first = await ownedProcesses(instance);
  signal(first, 'SIGTERM');
  await waitForEnd(first, graceMs);
  // Again from the start: a parent that was told to end may have started something on its way out.
  for (let round = 0; round < 5; round += 1) {
    const left = await ownedProcesses(instance);
    if (left.length === 0) break;
    signal(left, 'SIGKILL');
    await waitForEnd(left, 2_000);
  }
  return first.length;
}

function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

async function waitForEnd(pids: readonly number[], limitMs: number): Promise<void> {
  const until = performance.now() + limitMs;
  while (performance.now() < until && pids.some(isRunning)) await sleep(100);
}

/** A zombie is still a process id, but nothing that could be waited for. */
function isRunning(pid: number): boolean {
  if (!isAlive(pid)) return false;
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return process.platform !== 'linux';
  }
}
