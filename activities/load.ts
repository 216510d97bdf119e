import type { LakeReader } from '../clients/lake-reader.ts';
import type { Warehouse } from '../clients/warehouse.ts';
import type { LakeVersions, LoadResult } from '../contracts/steps.ts';
import type { WindowId } from '../contracts/window.ts';
import type { Attempted } from './generate.ts';
import { withPulse } from './pulse.ts';
import { workflowRun } from './workflow-run.ts';

export interface LoadDeps {
  lake: LakeReader;
  warehouse: Warehouse;
}

export interface LoadInput {
  window: WindowId;
  tables: LakeVersions;
}

/** One statement over a window of the largest table takes minutes. */
const SILENCE_MS = 600_000;

export async function loadWindow(deps: LoadDeps, input: LoadInput): Promise<Attempted<LoadResult>> {
  return withPulse(SILENCE_MS, async (pulse) => {
    const session = await deps.lake.open(input.window, input.tables, pulse.signal);
    try {
      const loaded = await deps.warehouse.loadWindow(
        { window: input.window, lake: session.connection, key: workflowRun() },
        pulse,
      );
      return { ...loaded, attempt: pulse.attempt };
    } finally {
      session.close();
    }
  });
}
