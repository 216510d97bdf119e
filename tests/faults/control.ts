import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createDbt } from '../../clients/dbt.ts';
import { createDuckDbWarehouse } from '../../clients/duckdb-warehouse.ts';
import { createServingStore } from '../../clients/serving-store.ts';
import type { Config } from '../../config/config.ts';
import { inheritedEnvironment } from '../../config/inherited.ts';
import { venvProgram } from '../../config/paths.ts';
import { windowBounds } from '../../contracts/window.ts';
import { type MartRows, readMarts } from '../parity/marts.ts';
import type { Mart } from '../../clients/warehouse.ts';
import { lakeSession, tablesNow } from './lake-watch.ts';
import type { WindowTruth } from './truth.ts';

const QUIET = { signal: AbortSignal.timeout(1_800_000), note: () => undefined };

/**
 * The marts of these windows as nothing has ever disturbed them: loaded from the lake into a warehouse of their own, last
 * window first, and built at once. The lake itself is held against the generator's bytes elsewhere.
 */
export async function undisturbedMarts(
  config: Config,
  truths: readonly WindowTruth[],
): Promise<Record<Mart, MartRows>> {
  const { paths } = config;
  const folder = join(paths.data, 'undisturbed');
  rmSync(folder, { recursive: true, force: true });
  const warehouse = createDuckDbWarehouse({ file: join(folder, 'undisturbed.duckdb') });
  const tables = tablesNow(config);
  const days = new Set<string>();
  for (const truth of truths.toReversed()) {
    const session = await lakeSession(config, truth.window);
    try {
      for (const [table, location] of tables)
        await session.connection.run(
          `CREATE VIEW ${table} AS SELECT * FROM iceberg_scan('${location}') WHERE window_start = TIMESTAMPTZ '${windowBounds(truth.window).start}'`,
        );
      const { affected_dates: dates } = await warehouse.loadWindow(
        { window: truth.window, lake: session.connection, key: 'undisturbed' },
        QUIET,
      );
      for (const day of dates) days.add(day);
    } finally {
      session.close();
    }
  }
  const window = truths[0]?.window;
  if (window === undefined) throw new Error('no window has run');
  const dbt = createDbt({
    program: venvProgram(paths, 'dbt', 'dbt'),
    project: join(paths.repository, 'dbt'),
    state: join(folder, 'dbt'),
    inherited: inheritedEnvironment(paths),
  });
  await warehouse.withMartsToOurselves(QUIET, () =>
    dbt.build(
      {
        window,
        affectedDates: [...days].toSorted(),
        resumeKey: 'undisturbed',
        warehouse: warehouse.dbtEnvironment(),
      },
      QUIET,
    ),
  );
  const serving = join(folder, 'serving');
  await createServingStore({ folder: serving, keep: 1 }).publish(window, warehouse.kind, (target) =>
    warehouse.copyMarts(target, QUIET),
  );
  return readMarts({ ...config, paths: { ...paths, serving } });
}
