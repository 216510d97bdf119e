/** One thing to install. Steps run side by side as far as `needs` allows. */
export interface Step {
  name: string;
  /** What the person waiting reads, e.g. `Kafka's jars`. */
  title: string;
  needs: readonly string[];
  /** Everything that decides the result, as text; when it changes, the step runs again. */
  inputs(): string;
  /** Paths that must exist for the stamp to be believed: someone may have deleted them. */
  outputs: readonly string[];
  run(context: StepContext): Promise<void>;
  /** One line for when it fails: what usually is wrong, and what to type. */
  mend: string;
  /** Not part of a plain `provision`; only when named. */
  onRequest?: boolean;
}

export interface StepContext {
  /** Runs a program with its output in the step's log; rejects when it does not end with 0. */
  run(
    program: string,
    args: readonly string[],
    options?: { cwd?: string; env?: Record<string, string> },
  ): Promise<void>;
  /** A line in the step's log. */
  note(line: string): void;
  signal: AbortSignal;
}

/** Told what happens while steps run; the command line draws it. */
export interface ProgressObserver {
  /** Another process installs already; what it leaves to do is done afterwards. */
  waiting?(): void;
  started(step: Step, log: string): void;
  finished(step: Step, seconds: number): void;
  failed(step: Step, seconds: number): void;
  close(): void;
}

export class ProvisionFailure extends Error {
  override name = 'ProvisionFailure';
  readonly step: string;
  readonly log: string;
  readonly mend: string;

  constructor(step: Step, log: string, said: { message: string; mend: string }, cause: unknown) {
    super(`${step.title}: ${said.message}`, { cause });
    this.step = step.name;
    this.log = log;
    this.mend = `${said.mend}, then run the same command again; the whole log is ${log}`;
  }
}
