import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../clients/errors.ts';
import type { StepName } from '../../contracts/steps.ts';
import { GATES_FOLDER } from '../../workers/gates.ts';

/** The activity that a step begins with. */
const BEGINS_WITH: Record<StepName, string> = {
  generate: 'generateShard',
  publish: 'publishShard',
  ingest: 'ingestWindow',
  reconcile: 'reconcileWindow',
  compact: 'compactWindow',
  load: 'loadWindow',
  build: 'buildWindow',
  publish_serving: 'publishServing',
};

/** Where the workers of an installation wait until a fault has been prepared. */
export class Gates {
  readonly #folder: string;

  constructor(run: string) {
    this.#folder = join(run, GATES_FOLDER);
  }

  #gate(step: StepName): string {
    return join(this.#folder, BEGINS_WITH[step]);
  }

  close(step: StepName): void {
    mkdirSync(this.#folder, { recursive: true });
    writeFileSync(this.#gate(step), '');
  }

  /** Whether the step waits there, or has begun to. */
  isReached(step: StepName): boolean {
    try {
      return readFileSync(this.#gate(step)).length > 0;
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return false;
      throw error;
    }
  }

  open(step: StepName): void {
    rmSync(this.#gate(step), { force: true });
  }

  openAll(): void {
    try {
      for (const gate of readdirSync(this.#folder)) rmSync(join(this.#folder, gate), { force: true });
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
    }
  }
}
