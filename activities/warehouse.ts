import { type BuildDeps, type BuildInput, buildWindow } from './build.ts';
import { withActivityFailures } from './failures.ts';
import { findGone, type GoneOutput, type KeptInWarehouse } from './kept-warehouse.ts';
import { type LoadDeps, type LoadInput, loadWindow } from './load.ts';
import { publishServing, type PublishServingDeps } from './publish-serving.ts';

export type WarehouseDeps = LoadDeps & BuildDeps & PublishServingDeps;

export function createWarehouseActivities(deps: WarehouseDeps) {
  return withActivityFailures({
    /**
     * Brings the window from the lake into the warehouse. Idempotency key: the window: its rows are replaced whole, in
     * DuckDB by one transaction, in BigQuery by one load job into the window's partition of each table.
     */
    loadWindow: (input: LoadInput) => loadWindow(deps, input),

    /** The first kept step whose output the warehouse does not hold any more; null: it holds all. Read-only. */
    findGone: (input: KeptInWarehouse): Promise<GoneOutput | null> => findGone(deps, input),

    /**
     * Builds and tests the marts of the affected days. Idempotency key: (window, workflow run): days are replaced whole,
     * and a later attempt of the same run goes on where the earlier one failed.
     */
    buildWindow: (input: BuildInput) => buildWindow(deps, input),

    /**
     * Copies the audited marts into a new serving snapshot and points readers to it. No idempotency key is needed: a
     * repeated attempt publishes the same rows under a newer version.
     */
    publishServing: (input: Parameters<typeof publishServing>[1]) => publishServing(deps, input),
  });
}
