import { statfsSync } from 'node:fs';
import { totalmem } from 'node:os';
import type { Finding } from './doctor.ts';

const GB = 1e9;
/** Tools, the build of MinIO with Go's caches, and what three windows leave behind. */
const DISK_TO_INSTALL = 8 * GB;
/** What a running stack needs to go on for some days. */
const DISK_TO_RUN = 2 * GB;
/** The stack takes about 2 GB, and Spark up to 2 GB while it works. A machine of 8 GB reports a little less. */
const MEMORY = 7 * GB;

export function checkDisk(folder: string, installed: boolean): Finding {
  const { bavail, bsize } = statfsSync(folder);
  return judgeDisk(bavail * bsize, installed);
}

export function judgeDisk(free: number, installed: boolean): Finding {
  const needed = installed ? DISK_TO_RUN : DISK_TO_INSTALL;
  const amount = (bytes: number): string => `${(bytes / GB).toFixed(1)} GB`;
  if (free >= needed) return { check: 'disk', state: 'ok', message: `${amount(free)} of disk are free` };
  return {
    check: 'disk',
    state: 'missing',
    message: `only ${amount(free)} of disk are free; ${amount(needed)} are needed`,
    mend: installed
      ? 'free some space; .reprise/instances holds the data of each installation'
      : 'free some space, or clone to another disk (and set REPRISE_CACHE to a folder there)',
  };
}

export function checkMemory(): Finding {
  return judgeMemory(totalmem());
}

export function judgeMemory(total: number): Finding {
  const amount = `${(total / GB).toFixed(1)} GB`;
  if (total >= MEMORY) return { check: 'memory', state: 'ok', message: `${amount} of memory` };
  return {
    check: 'memory',
    state: 'warning',
    message: `${amount} of memory; the whole stack is made for 8 GB`,
    mend: 'end other programs, or run parts of it elsewhere (docs/configuration)',
  };
}
