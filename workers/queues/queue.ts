import type { Config } from '../../config/config.ts';

type Activities = Record<string, (...args: never[]) => Promise<unknown>>;

/** What a worker process of one task queue serves. */
export interface QueueWorker {
  activities: Activities;
  /** Activities at a time in one process; more processes may be started. */
  concurrency: number;
  /** How activities end when the process is told to; absent: as those that end by themselves soon. */
  ends?: { grace: '1 second'; force: '45 seconds' };
  /** Only one capability runs workflows. */
  workflows: boolean;
}

export interface QueueModule {
  create(config: Config): QueueWorker | Promise<QueueWorker>;
}
