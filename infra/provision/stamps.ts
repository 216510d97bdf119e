import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Step } from './step.ts';

/**
 * Remembers which inputs each step was last completed with. A stamp is removed before its step starts and written
 * after it ends, so an interrupted step is never taken for a finished one.
 */
export class Stamps {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  isCurrent(step: Step): boolean {
    const file = this.#file(step);
    return (
      existsSync(file) &&
      readFileSync(file, 'utf8') === fingerprint(step) &&
      step.outputs.every((path) => existsSync(path))
    );
  }

  clear(step: Step): void {
    rmSync(this.#file(step), { force: true });
  }

  write(step: Step): void {
    mkdirSync(this.#folder, { recursive: true });
    const draft = `${this.#file(step)}.new`;
    writeFileSync(draft, fingerprint(step));
    renameSync(draft, this.#file(step));
  }

  #file(step: Step): string {
    return join(this.#folder, step.name);
  }
}

function fingerprint(step: Step): string {
  return createHash('sha256').update(step.inputs()).digest('hex');
}
