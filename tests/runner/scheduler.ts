import { type Need, type Outcome, type Suite, settle } from './suite.ts';

/** Places of the machine that runs the tests: two programs of ordinary size side by side. */
const PLACES = 2;

export interface Scheduling {
  suites: readonly Suite[];
  ready(need: Need): Promise<void>;
  run(suite: Suite): Promise<Outcome>;
  started(suite: Suite): void;
  ended(suite: Suite, outcome: Outcome): void;
  signal: AbortSignal;
}

/**
 * Runs suites in their order, side by side while there is room; one whose needs are still being made is passed over.
 * A need that cannot be made fails the suites that wait for it, and no other.
 */
export async function schedule(scheduling: Scheduling): Promise<Outcome[]> {
  const { suites, signal } = scheduling;
  const outcomes: Outcome[] = [];
  const waiting = [...suites];
  let changed = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => changed.resolve(), { once: true });
  const prepared = new Map<Suite, true | { failure: unknown }>();
  const preparing = suites.map(async (suite) => {
    try {
      for (const need of suite.needs) await scheduling.ready(need);
      prepared.set(suite, true);
    } catch (failure) {
      prepared.set(suite, { failure });
    }
    changed.resolve();
  });
  const running = new Map<Suite, Promise<void>>();

  const free = (): number => PLACES - [...running.keys()].reduce((taken, suite) => taken + suite.places, 0);

  const start = (suite: Suite): void => {
    scheduling.started(suite);
    const work = runSettled(suite, prepared.get(suite) ?? true, scheduling).then((outcome) => {
      outcomes.push(outcome);
      scheduling.ended(suite, outcome);
      running.delete(suite);
      changed.resolve();
    });
    running.set(suite, work);
  };

  while (waiting.length > 0 && !signal.aborted) {
    const next = waiting.findIndex((suite) => prepared.has(suite) && suite.places <= free());
    if (next >= 0) {
      const [suite] = waiting.splice(next, 1);
      if (suite) start(suite);
      continue;
    }
    await changed.promise;
    changed = Promise.withResolvers<void>();
  }
  await Promise.all([...running.values(), ...(signal.aborted ? [] : preparing)]);
  return outcomes;
}

async function runSettled(
  suite: Suite,
  prepared: true | { failure: unknown },
  scheduling: Scheduling,
): Promise<Outcome> {
  const failed = (error: unknown): Outcome => ({
    passed: 0,
    failed: 1,
    skipped: 0,
    problems: [error instanceof Error ? `${error.message}${mendOf(error)}` : String(error)],
  });
  if (prepared !== true) return failed(prepared.failure);
  try {
    return settle(await scheduling.run(suite));
  } catch (error) {
    return failed(error);
  }
}

const mendOf = (error: Error): string =>
  'mend' in error && typeof error.mend === 'string' ? `\n  mend: ${error.mend}` : '';
