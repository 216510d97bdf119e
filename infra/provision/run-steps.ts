import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describeDiskFull, freeBytes, saysDiskFull } from '../disk.ts';
import type { Stamps } from './stamps.ts';
import { type ProgressObserver, ProvisionFailure, type Step, type StepContext } from './step.ts';

export interface RunOptions {
  stamps: Stamps;
  /** Folder of the steps' logs. */
  logs: string;
  /** Where steps write to, on whichever disks that is. */
  folders: readonly string[];
  concurrency: number;
  observer: ProgressObserver;
}

/**
 * Runs what is not current, in dependency order, earlier-listed steps first. The first failure lets nothing new
 * start and stops what runs: what is already complete stays, so the next call resumes.
 * @returns the names of the steps that ran
 * @throws ProvisionFailure
 */
export async function runSteps(steps: readonly Step[], options: RunOptions): Promise<string[]> {
  const known = new Set(steps.map((step) => step.name));
  const unknown = steps.flatMap((step) => step.needs).find((name) => !known.has(name));
  if (unknown !== undefined) throw new Error(`a step needs "${unknown}", which is not among the steps`);

  const done = new Set<string>();
  const ran: string[] = [];
  const waiting = steps.filter((step) => {
    if (!options.stamps.isCurrent(step)) return true;
    done.add(step.name);
    return false;
  });
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  let failure: unknown;

  const start = (step: Step): void => {
    const work = runStep(step, options, stopping.signal)
      .then(() => {
        done.add(step.name);
        ran.push(step.name);
      })
      .catch((error: unknown) => {
        failure ??= error;
        stopping.abort();
      })
      .finally(() => running.delete(work));
    running.add(work);
  };

  while (failure === undefined) {
    while (running.size < options.concurrency) {
      const next = waiting.findIndex((step) => step.needs.every((name) => done.has(name)));
      if (next === -1) break;
      const [step] = waiting.splice(next, 1);
      if (step) start(step);
    }
    if (running.size === 0) break;
    await Promise.race(running);
  }
  await Promise.all(running);
  if (failure !== undefined) throw failure;
  if (waiting.length > 0)
    throw new Error(`steps wait for each other: ${waiting.map((step) => step.name).join(', ')}`);
  return ran;
}

async function runStep(step: Step, options: RunOptions, signal: AbortSignal): Promise<void> {
  const log = join(options.logs, `${step.name}.log`);
  const output = { file: log, append: true } as const;
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  const context: StepContext = {
    signal,
    note: (line) => appendFileSync(log, `${line}\n`),
    async run(program, args, { cwd, env } = {}) {
      appendFileSync(log, `$ ${program} ${args.join(' ')}\n`);
      await execa(program, args, {
        stdin: 'ignore',
        stdout: output,
        stderr: output,
        cancelSignal: signal,
        ...(cwd === undefined ? {} : { cwd }),
        ...(env === undefined ? {} : { env }),
      });
    },
  };
  options.observer.started(step, log);
  try {
    mkdirSync(options.logs, { recursive: true });
    writeFileSync(log, '');
    options.stamps.clear(step);
    await step.run(context);
    options.stamps.write(step);
    options.observer.finished(step, seconds());
  } catch (error) {
    options.observer.failed(step, seconds());
    throw new ProvisionFailure(step, log, explain(step, log, error, options.folders), error);
  }
}

function explain(
  step: Step,
  log: string,
  error: unknown,
  folders: readonly string[],
): { message: string; mend: string } {
  const { message, shortMessage } = error as { message?: string; shortMessage?: string };
  const reason = shortMessage ?? message ?? String(error);
  const tail = tailOf(log);
  // A full disk ends a program in the middle of something: its own last words lead astray, if the log has kept them.
  const isFull =
    saysDiskFull(`${message}\n${tail.join('\n')}`) || folders.some((one) => freeBytes(one) < 1e6);
  if (isFull) return describeDiskFull(folders);
  return { message: [reason, ...tail.map((line) => `  | ${line}`)].join('\n'), mend: step.mend };
}

function tailOf(log: string): string[] {
  const text = existsSync(log) ? readFileSync(log, 'utf8').trimEnd() : '';
  return text === '' ? [] : text.split('\n').slice(-12);
}
