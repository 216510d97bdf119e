import type { Config } from '../../config/config.ts';
import type { QueueWorker } from './queue.ts';

export function create(_config: Config): QueueWorker {
  return { workflows: false, concurrency: 1, activities: {} };
}
