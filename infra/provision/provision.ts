import { availableParallelism, homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Paths } from '../../config/paths.ts';
import { withLock } from '../file-lock.ts';
import { duckdbExtensionsStep } from './duckdb-extensions.ts';
import { goSteps } from './go-programs.ts';
import { jarSteps } from './jars.ts';
import { pythonSteps, uvStep } from './python.ts';
import { runSteps } from './run-steps.ts';
import { Stamps } from './stamps.ts';
import type { ProgressObserver, Step } from './step.ts';

/** Every step, the longest first, so that it is not what everyone waits for in the end. */
export function allSteps(paths: Paths): Step[] {
  return [
    uvStep(paths),
    ...goSteps(paths),
    ...pythonSteps(paths),
    ...jarSteps(paths),
    duckdbExtensionsStep(paths),
  ];
}

export interface ProvisionOptions {
  paths: Paths;
  observer: ProgressObserver;
  /** Names of steps; what they need is added. Absent: everything except the steps that run on request only. */
  only?: readonly string[];
}

/**
 * Makes `.reprise/tools` complete. Safe to interrupt and to repeat; does nothing when nothing changed.
 * @returns the names of the steps that ran
 * @throws ProvisionFailure
 */
export async function provision({ paths, observer, only }: ProvisionOptions): Promise<string[]> {
  const steps = selectSteps(allSteps(paths), only);
  const stamps = new Stamps(join(paths.tools, 'stamps'));
  try {
    if (steps.every((step) => stamps.isCurrent(step))) return [];
    const install = (): Promise<string[]> =>
      runSteps(steps, {
        stamps,
        logs: join(paths.tools, '..', 'logs', 'provision'),
        folders: [paths.tools, paths.cache, homedir(), tmpdir()],
        // Half of them wait for the network, so one more than there are cores keeps both busy.
        concurrency: availableParallelism() + 1,
        observer,
      });
    return await withLock(join(paths.tools, 'provision.lock'), install, () => observer.waiting?.());
  } finally {
    observer.close();
  }
}

/** Names of the default steps whose result is missing or out of date. */
export function missingSteps(paths: Paths): string[] {
  const stamps = new Stamps(join(paths.tools, 'stamps'));
  return selectSteps(allSteps(paths), undefined)
    .filter((step) => !stamps.isCurrent(step))
    .map((step) => step.name);
}

/** The named steps and all they need, in the order of `steps`. */
export function selectSteps(steps: readonly Step[], only: readonly string[] | undefined): Step[] {
  if (only === undefined) return steps.filter((step) => !step.onRequest);
  const byName = new Map(steps.map((step) => [step.name, step]));
  const wanted = new Set<string>();
  const add = (name: string): void => {
    const step = byName.get(name);
    if (!step) throw new UnknownStep(name, [...byName.keys()]);
    if (wanted.has(name)) return;
    wanted.add(name);
    step.needs.forEach(add);
  };
  only.forEach(add);
  return steps.filter((step) => wanted.has(step.name));
}

export class UnknownStep extends Error {
  override name = 'UnknownStep';
  readonly mend: string;
  constructor(name: string, known: readonly string[]) {
    super(`there is no step "${name}"`);
    this.mend = `choose from ${known.join(', ')}`;
  }
}
