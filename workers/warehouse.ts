import { type KeptInWarehouse, goneFromWarehouse, type WarehouseLook } from '../activities/kept-warehouse.ts';
import { createBigQueryWarehouse } from '../clients/bigquery-warehouse.ts';
import { createDuckDbWarehouse } from '../clients/duckdb-warehouse.ts';
import { ClientError } from '../clients/errors.ts';
import type { Warehouse } from '../clients/warehouse.ts';
import type { Config } from '../config/config.ts';

export function warehouseOf({ warehouse, paths }: Config): Warehouse {
  return warehouse.kind === 'duckdb'
    ? createDuckDbWarehouse(warehouse)
    : createBigQueryWarehouse({ ...warehouse, scratch: paths.scratch });
}

/** A build may hold the embedded warehouse for minutes: a plan does not wait for it. */
const LOOK_LIMIT_MS = 10_000;

/** For who plans: what is gone from the warehouse, or that nobody could look now. */
export function warehouseLook(config: Config): WarehouseLook {
  const warehouse = warehouseOf(config);
  return async (kept: KeptInWarehouse) => {
    const signal = AbortSignal.timeout(LOOK_LIMIT_MS);
    try {
      return await goneFromWarehouse(warehouse, kept, { signal, note: () => undefined });
    } catch (error) {
      if (signal.aborted || (error instanceof ClientError && error.retryable)) return 'busy';
      throw error;
    }
  };
}
