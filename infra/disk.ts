import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';

const GB = 1e9;
/** Tools, the build of MinIO with Go's caches, and what three windows leave behind. */
export const DISK_TO_INSTALL = 8 * GB;
/** What a running stack needs to go on for some days. */
export const DISK_TO_RUN = 2 * GB;

export const gigabytes = (bytes: number): string => `${(bytes / GB).toFixed(1)} GB`;

/** On the file system that holds the folder, or will hold it once it is made. */
export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(nearestExisting(folder));
  return bavail * bsize;
}

function nearestExisting(folder: string): string {
  const parent = dirname(folder);
  return existsSync(folder) || parent === folder ? folder : nearestExisting(parent);
}

/** What programs say of it, each in the words of its own language. */
export const saysDiskFull = (text: string): boolean => /ENOSPC|no space left|disk quota exceeded/i.test(text);

export interface DiskFull {
  message: string;
  mend: string;
}

/** Of the folders that were written to, the one with the least room is taken for the one that was meant. */
export function describeDiskFull(folders: readonly string[], free = freeBytes): DiskFull {
  const [tightest] = folders
    .map((folder) => ({ folder, bytes: free(folder) }))
    .toSorted((one, other) => one.bytes - other.bytes);
  const { folder, bytes } = tightest ?? { folder: '/', bytes: 0 };
  return {
    message: `the disk that holds ${folder} is full: ${gigabytes(bytes)} are free, an installation needs ${gigabytes(DISK_TO_INSTALL)}`,
    mend: 'free some space there, or clone to another disk (and set REPRISE_CACHE to a folder on it)',
  };
}
