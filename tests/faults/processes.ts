import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type WindowId, windowKey } from '../../contracts/window.ts';
import { isRunning, ownedProcesses } from '../../infra/supervisor/owned-processes.ts';
import type { Victim } from './cases.ts';
import type { Grounds } from './grounds.ts';

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/** The JVM of the window's job, or its dbt: programs that a step starts and no supervisor knows. */
const PROGRAMS: Partial<Record<Victim, RegExp>> = {
  'spark-driver': /^\S*java .*org\.apache\.spark\.deploy\.SparkSubmit/,
  dbt: /\/dbt --no-use-colors /,
};

export const isProgram = (victim: Victim): boolean => victim in PROGRAMS;

/** The victim's process; undefined when it is a program that does not run. */
export async function victimPid(
  grounds: Grounds,
  victim: Victim,
  window: WindowId,
): Promise<number | undefined> {
  const pattern = PROGRAMS[victim];
  if (!pattern) return grounds.pidOf(victim);
  const owned = await ownedProcesses(grounds.platform.config.paths.instance);
  return owned.find((pid) => {
    const command = commandOf(pid);
    return pattern.test(command) && command.includes(windowKey(window));
  });
}

export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

export async function untilGone(pid: number): Promise<void> {
  while (isRunning(pid)) await sleep(20);
}
