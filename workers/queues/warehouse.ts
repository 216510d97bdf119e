import { join } from 'node:path';
import { createWarehouseActivities } from '../../activities/warehouse.ts';
import { createDbt } from '../../clients/dbt.ts';
import { createDuckDbWarehouse } from '../../clients/duckdb-warehouse.ts';
import { createServingStore } from '../../clients/serving-store.ts';
import type { Config } from '../../config/config.ts';
import { inheritedEnvironment } from '../../config/inherited.ts';
import { venvProgram } from '../../config/paths.ts';
import { lakeReader } from '../lake.ts';
import type { QueueWorker } from './queue.ts';

/** Snapshots that stay beside the current one: a page that has just been opened may still read the one before. */
const SNAPSHOTS_KEPT = 5;

export function create(config: Config): QueueWorker {
  const { paths } = config;
  if (config.warehouse.kind !== 'duckdb') throw new Error('not yet');
  return {
    workflows: false,
    // The marts have one writer at a time; what waits for it need not hold memory meanwhile.
    concurrency: 1,
    activities: createWarehouseActivities({
      lake: lakeReader(config),
      warehouse: createDuckDbWarehouse({ file: config.warehouse.file }),
      dbt: createDbt({
        program: venvProgram(paths, 'dbt', 'dbt'),
        project: join(paths.repository, 'dbt'),
        state: join(paths.scratch, 'dbt'),
        inherited: inheritedEnvironment(paths),
      }),
      serving: createServingStore({ folder: paths.serving, keep: SNAPSHOTS_KEPT }),
    }),
  };
}
