import { totalmem } from 'node:os';
import { DISK_TO_INSTALL, DISK_TO_RUN, freeBytes, gigabytes } from '../disk.ts';
import type { Finding } from './doctor.ts';

/** The stack takes about 2 GB, and Spark up to 2 GB while it works. A machine of 8 GB reports a little less. */
const MEMORY = 7e9;

export function checkDisk(folder: string, installed: boolean): Finding {
  return judgeDisk(freeBytes(folder), installed);
}

export function judgeDisk(free: number, installed: boolean): Finding {
  const needed = installed ? DISK_TO_RUN : DISK_TO_INSTALL;
  if (free >= needed) return { check: 'disk', state: 'ok', message: `${gigabytes(free)} of disk are free` };
  return {
    check: 'disk',
    state: 'missing',
    message: `only ${gigabytes(free)} of disk are free; ${gigabytes(needed)} are needed`,
    mend: installed
      ? 'free some space; .reprise/instances holds the data of each installation'
      : 'free some space, or clone to another disk (and set REPRISE_CACHE to a folder there)',
  };
}

export function checkMemory(): Finding {
  return judgeMemory(totalmem());
}

export function judgeMemory(total: number): Finding {
  const amount = gigabytes(total);
  if (total >= MEMORY) return { check: 'memory', state: 'ok', message: `${amount} of memory` };
  return {
    check: 'memory',
    state: 'warning',
    message: `${amount} of memory; the whole stack is made for 8 GB`,
    mend: 'end other programs, or run parts of it elsewhere (docs/configuration)',
  };
}
