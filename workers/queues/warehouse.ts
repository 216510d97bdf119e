import { join } from 'node:path';
import { createWarehouseActivities } from '../../activities/warehouse.ts';
import { createDbt } from '../../clients/dbt.ts';
import { createServingStore } from '../../clients/serving-store.ts';
import type { Config } from '../../config/config.ts';
import { inheritedEnvironment } from '../../config/inherited.ts';
import { venvProgram } from '../../config/paths.ts';
import { lakeReader } from '../lake.ts';
import { warehouseOf } from '../warehouse.ts';
import type { QueueWorker } from './queue.ts';

export function create(config: Config): QueueWorker {
  const { paths } = config;
  return {
    workflows: false,
    // The embedded warehouse has one writer at a time, and dbt takes the cores that there are.
    concurrency: 1,
    activities: createWarehouseActivities({
      lake: lakeReader(config),
      warehouse: warehouseOf(config),
      dbt: createDbt({
        program: venvProgram(paths, 'dbt', 'dbt'),
        project: join(paths.repository, 'dbt'),
        state: join(paths.data, 'dbt'),
        inherited: inheritedEnvironment(paths),
      }),
      // Readers of the last few snapshots still have theirs open.
      serving: createServingStore({ folder: paths.serving, keep: 5 }),
    }),
  };
}
