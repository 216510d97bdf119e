import type { Paths } from '../../config/paths.ts';

/** What a suite needs to be there before it starts; each is made once, beside the suites that do without. */
export type Need = 'tools' | 'emulator' | 'browser';

export interface Outcome {
  passed: number;
  failed: number;
  skipped: number;
  /** What a person wants to read of each failure, without opening the log. */
  problems: string[];
}

export interface SuiteContext {
  paths: Paths;
  /** Environment of every process that the suite starts: nothing in it points at a person's own servers. */
  env: Record<string, string>;
  /** The suite's log; machine-readable results lie beside it. */
  log: string;
  results(extension: string): string;
  signal: AbortSignal;
}

export interface Suite {
  name: string;
  /** `--only` takes it as well as the name. */
  group: 'static' | 'unit' | 'python' | 'servers';
  title: string;
  /** Of the machine's two places: a suite that starts servers or a JVM with workers takes both. */
  places: 1 | 2;
  needs: readonly Need[];
  /** Runs only when it is named: it takes longer than one waits for. */
  onDemand?: boolean;
  run(context: SuiteContext): Promise<Outcome>;
}

/** Every suite that ran nothing has failed: a test that vanished must not look like one that passed. */
export function settle(outcome: Outcome): Outcome {
  if (outcome.passed + outcome.failed > 0) return outcome;
  return { ...outcome, failed: 1, problems: [...outcome.problems, 'ran no test at all'] };
}
