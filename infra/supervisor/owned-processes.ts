import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../file-lock.ts';
import { familyOf, type ProcessEntry, processTable } from './process-table.ts';

/**
 * In the environment of every process of an installation, inherited by what those start. It finds them when nothing
 * else can: after the supervisor was killed, after a half start, under any parent and in any process group.
 */
export const OWNER_VARIABLE = 'REPRISE_INSTANCE_DIR';

/** The living processes of this installation, except this one: `familyOf` says what counts. */
export async function ownedProcesses(instance: string): Promise<number[]> {
  return (await ownedEntries(instance)).map(({ pid }) => pid);
}

/** The same, with what is needed to recognise them later, when nothing may tie them to the installation any more. */
export async function ownedEntries(instance: string): Promise<ProcessEntry[]> {
  return familyOf(await processTable(markOf(instance)), process.pid);
}

/**
 * Asks each to end, then ends those that do not.
 * @param seen processes seen earlier that belong to it as well, if they still live
 * @returns how many there were
 */
export async function endProcesses(
  instance: string,
  graceMs: number,
  seen: readonly ProcessEntry[] = [],
): Promise<number> {
  const known = new Set(seen.map(identity));
  const left = async (): Promise<number[]> => {
    const table = await processTable(markOf(instance));
    for (const entry of familyOf(table, process.pid)) known.add(identity(entry));
    return table.filter((entry) => known.has(identity(entry))).map(({ pid }) => pid);
  };
  const first = await left();
  signal(first, 'SIGTERM');
  await waitForEnd(first, graceMs);
  // Again from the start: a parent that was told to end may have started something on its way out.
  for (let round = 0; round < 5; round += 1) {
    const still = await left();
    if (still.length === 0) break;
    signal(still, 'SIGKILL');
    await waitForEnd(still, 2_000);
  }
  return first.length;
}

const markOf = (instance: string): string => `${OWNER_VARIABLE}=${instance}`;
const identity = ({ pid, born }: ProcessEntry): string => `${pid} ${born}`;

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
export function isRunning(pid: number): boolean {
  if (!isAlive(pid)) return false;
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return process.platform !== 'linux';
  }
}
