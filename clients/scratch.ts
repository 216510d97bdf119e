import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { systemCode } from './errors.ts';

/** Longer than any job may take: such a folder is nobody's, whatever its name says. */
const ABANDONED_MS = 24 * 3_600_000;

/** What mkdtemp adds, and before it the process that the folder belongs to. */
const FOLDER = /(?:-(?<pid>\d+))?-[A-Za-z0-9]{6}$/;

/** Runs `work` in a folder of its own below `scratch`, and removes it. */
export async function withScratch<T>(
  scratch: string,
  name: string,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  await mkdir(scratch, { recursive: true });
  const folder = await mkdtemp(join(scratch, `${name}-${hostname()}-${process.pid}-`));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Removes the folders of processes that died too suddenly to do it. Only for the start of a process: a folder with its own
 * id is then that of a predecessor. Other processes, here or on machines that share the disk, keep theirs.
 */
export async function sweepScratch(scratch: string, nowMs: number = Date.now()): Promise<void> {
  for (const name of await names(scratch)) {
    const match = FOLDER.exec(name);
    if (!match) continue;
    const path = join(scratch, name);
    const pid = Number(match.groups?.pid);
    const ours = pid > 0 && name.slice(0, match.index).endsWith(`-${hostname()}`);
    const dead = ours && (pid === process.pid || !isAlive(pid));
    if (dead || (await isAbandoned(path, nowMs))) await rm(path, { recursive: true, force: true });
  }
}

async function names(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return systemCode(error) !== 'ESRCH';
  }
}

/** Its owner may remove it while we look. */
async function isAbandoned(path: string, nowMs: number): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && nowMs - found.mtimeMs > ABANDONED_MS;
}
