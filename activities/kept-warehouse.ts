import { ClientError } from '../clients/errors.ts';
import type { LoadedWindow, Progress, Warehouse } from '../clients/warehouse.ts';
import { compareHop, type HopCount } from '../contracts/hops.ts';
import type { BuildResult, LoadResult, StepName } from '../contracts/steps.ts';
import { WAREHOUSE_TABLES } from '../contracts/tables.ts';
import type { WindowId } from '../contracts/window.ts';
import { withPulse } from './pulse.ts';

/** What earlier runs have left in the warehouse, by what they have kept of it. */
export interface KeptInWarehouse {
  window: WindowId;
  load: LoadResult;
  /** Absent when the build runs anyway. */
  build?: BuildResult | undefined;
}

/** The step whose output is not there any more, and what is wrong with it. */
export interface GoneOutput {
  step: Extract<StepName, 'load' | 'build'>;
  why: string;
}

/** `busy`: nobody could look now; the run itself looks again. */
export type WarehouseLook = (kept: KeptInWarehouse) => Promise<GoneOutput | 'busy' | undefined>;

/** Waiting for a build of another window is a sign of life; a statement over a window of the largest table takes minutes. */
const SILENCE_MS = 600_000;

/**
 * Holds the warehouse against what the kept steps left in it: rows that were deleted or changed since, and marts of other
 * content. Undefined: all of it is there. Reads only.
 */
export async function goneFromWarehouse(
  warehouse: Warehouse,
  { window, load, build }: KeptInWarehouse,
  progress: Progress,
): Promise<GoneOutput | undefined> {
  const unloaded = notAsLoaded(load, await warehouse.loadedWindow(window, progress));
  if (unloaded) return { step: 'load', why: unloaded };
  const unbuilt = build && (await notAsBuilt(warehouse, window, load.affected_dates, build, progress));
  return unbuilt === undefined ? undefined : { step: 'build', why: unbuilt };
}

function notAsLoaded(load: LoadResult, found: LoadedWindow): string | undefined {
  const events = ({ rows, content_hash, by_type }: LoadResult): HopCount => ({
    ...{ total: rows.events ?? 0, content_hash, by: by_type ?? null },
  });
  const [first] = compareHop('warehouse', events(load), events(found)).differences;
  if (first !== undefined) return first.replace(/\.$/, '');
  const table = WAREHOUSE_TABLES.find((name) => load.rows[name] !== found.rows[name]);
  if (table)
    return `${table} in the warehouse held ${load.rows[table]} rows of the window and holds ${found.rows[table]}`;
  const changed = WAREHOUSE_TABLES.find((name) => {
    const was = load.contents?.[name];
    return was && was.content_hash !== found.contents[name].content_hash;
  });
  return (
    changed && `${changed} in the warehouse has other values in some rows of the window than were loaded`
  );
}

async function notAsBuilt(
  warehouse: Warehouse,
  window: WindowId,
  dates: readonly string[],
  build: BuildResult,
  progress: Progress,
): Promise<string | undefined> {
  const was = build.hops?.find(({ hop }) => hop === 'marts')?.observed.content_hash;
  try {
    const { expected, observed, records } = await warehouse.withMartsToOurselves(progress, () =>
      warehouse.auditMarts(window, dates, progress),
    );
    const [first] = compareHop('marts', expected, observed, { records }).differences;
    if (first !== undefined) return first.replace(/\.$/, '');
    // Another window that shares a day changes them too: then building again does no harm.
    return was && observed.content_hash && was !== observed.content_hash
      ? 'the marts of its days are not what they were when it was built'
      : undefined;
  } catch (error) {
    if (error instanceof ClientError && error.code === 'ResourceMissing')
      return 'the marts are not there any more';
    throw error;
  }
}

export const findGone = ({ warehouse }: { warehouse: Warehouse }, kept: KeptInWarehouse) =>
  withPulse(SILENCE_MS, async (pulse) => (await goneFromWarehouse(warehouse, kept, pulse)) ?? null);
