import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../clients/errors.ts';
import type { Disk } from './cases.ts';

/** Room for some windows of a few thousand events; the store keeps a tenth of its disk for itself. */
const SIZE: Record<Disk, number> = { kafka: 1_024, minio: 1_024, warehouse: 256, scratch: 512 };
const MIB = 1_048_576;
const FILLER = 'filler';

/** Small disks, each an image mounted over the folder of one part, that can be filled to the last byte. */
export class Disks {
  readonly #folders: Record<Disk, string>;
  readonly #mounted = new Set<Disk>();

  constructor(folders: Record<Disk, string>) {
    this.#folders = folders;
  }

  /** Mounting is for root, and not every container has loop devices. */
  static get possible(): boolean {
    return process.getuid?.() === 0 && process.platform === 'linux' && existsSync('/dev/loop-control');
  }

  /** What an earlier run that was killed has left mounted. */
  static unmountBelow(folders: readonly string[]): void {
    if (process.platform !== 'linux') return;
    const points = readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[1] ?? '')
      .filter((point) => folders.some((folder) => point.startsWith(`${folder}/`)));
    for (const point of points) execFileSync('umount', [point]);
  }

  has(disk: Disk): boolean {
    return this.#mounted.has(disk);
  }

  mount(disk: Disk): void {
    const folder = this.#folders[disk];
    const image = `${folder}.img`;
    mkdirSync(folder, { recursive: true });
    rmSync(image, { force: true });
    closeSync(openSync(image, 'w'));
    truncateSync(image, SIZE[disk] * MIB);
    // Without a share that only root may use: root is who fills it, and who writes to it.
    execFileSync('mkfs.ext4', ['-q', '-m', '0', image]);
    execFileSync('mount', ['-o', 'loop', image, folder]);
    rmSync(join(folder, 'lost+found'), { recursive: true, force: true });
    this.#mounted.add(disk);
  }

  fill(disk: Disk): void {
    const file = openSync(join(this.#folders[disk], FILLER), 'a');
    try {
      for (let piece = Buffer.alloc(MIB); piece.length > 0; ) {
        try {
          writeSync(file, piece);
        } catch (error) {
          if (systemCode(error) !== 'ENOSPC') throw error;
          piece = piece.subarray(0, piece.length >> 1);
        }
      }
    } finally {
      closeSync(file);
    }
  }

  free(disk: Disk): void {
    rmSync(join(this.#folders[disk], FILLER), { force: true });
  }

  unmount(): void {
    for (const disk of this.#mounted) {
      execFileSync('umount', ['-l', this.#folders[disk]]);
      this.#mounted.delete(disk);
    }
  }
}
