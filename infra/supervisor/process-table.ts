import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';

export interface ProcessEntry {
  pid: number;
  parent: number;
  group: number;
  /** With the process id it names a process for good: ids are given out again. Empty where the system does not say. */
  born: string;
  /** Its environment holds the mark. */
  marked: boolean;
}

/** Every living process of the machine. */
export async function processTable(mark: string, proc = '/proc'): Promise<ProcessEntry[]> {
  return process.platform === 'linux' ? fromProc(mark, proc) : fromProcessList(mark);
}

function fromProc(mark: string, proc: string): ProcessEntry[] {
  return readdirSync(proc)
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(join(proc, name, 'stat'), 'utf8');
        // A program's name may hold spaces and brackets: what follows its last bracket is in fixed places.
        const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        if (fields[0] === 'Z') return [];
        const [parent, group] = fields.slice(1, 3).map(Number);
        const marked = environmentOf(join(proc, name)).includes(mark);
        return [
          { pid: Number(name), parent: parent ?? 0, group: group ?? 0, born: fields[19] ?? '', marked },
        ];
      } catch {
        // Ended meanwhile.
        return [];
      }
    });
}

function environmentOf(folder: string): string[] {
  try {
    return readFileSync(join(folder, 'environ'), 'utf8').split('\0');
  } catch {
    // Another user's.
    return [];
  }
}

async function fromProcessList(mark: string): Promise<ProcessEntry[]> {
  const { stdout } = await execa('ps', ['axeww', '-o', 'pid=,ppid=,pgid=,stat=,command=']);
  return stdout.split('\n').flatMap((line) => {
    const [pid, parent, group, state] = line.trim().split(/\s+/);
    if (state === undefined || state.startsWith('Z')) return [];
    const marked = `${line} `.includes(` ${mark} `);
    return [{ pid: Number(pid), parent: Number(parent), group: Number(group), born: '', marked }];
  });
}

/**
 * The marked processes, and what they started and what shares a group with them even if it has lost the mark: some
 * programs write their title over their environment. This process and those it came from are never among them.
 */
export function familyOf(table: readonly ProcessEntry[], self: number): ProcessEntry[] {
  const byPid = new Map(table.map((entry) => [entry.pid, entry]));
  const ours = new Set<number>();
  for (let at = byPid.get(self); at !== undefined && !ours.has(at.pid); at = byPid.get(at.parent))
    ours.add(at.pid);
  const others = table.filter((entry) => !ours.has(entry.pid));

  const family = new Set(others.filter((entry) => entry.marked));
  const ownGroup = byPid.get(self)?.group;
  for (let before = -1; before !== family.size; ) {
    before = family.size;
    const pids = new Set([...family].map((entry) => entry.pid));
    const groups = new Set(
      [...family]
        .map((entry) => entry.group)
        // A group that somebody else leads is that of the shell or the test in which one of ours was started.
        .filter((group) => group !== ownGroup && (pids.has(group) || !byPid.has(group))),
    );
    for (const entry of others) if (pids.has(entry.parent) || groups.has(entry.group)) family.add(entry);
  }
  return [...family];
}
