import type { LakeReader } from '../clients/lake-reader.ts';
import { ClientError } from '../clients/errors.ts';
import type { LoadedWindow, Warehouse } from '../clients/warehouse.ts';
import { compareHop } from '../contracts/hops.ts';
import type { RecordAccount } from '../contracts/ledger.ts';
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
  /** The window's events, as its ledger has them. Absent when a workflow of an earlier version asks. */
  expected?: RecordAccount['valid'];
}

/** One statement over a window of the largest table takes minutes. */
const SILENCE_MS = 600_000;

export async function loadWindow(deps: LoadDeps, input: LoadInput): Promise<Attempted<LoadResult>> {
  return withPulse(SILENCE_MS, async (pulse) => {
    const session = await deps.lake.open(input.window, input.tables, pulse.signal);
    try {
      const loaded = await deps.warehouse.loadWindow(
        {
          ...{ window: input.window, lake: session.connection, key: workflowRun() },
          ...(input.expected ? { expected: input.expected } : {}),
        },
        pulse,
      );
      assertLoaded(input.expected, loaded);
      return { ...loaded, attempt: pulse.attempt };
    } finally {
      session.close();
    }
  });
}

/** @throws ClientError DataQualityFailed, with the hop as its detail */
function assertLoaded(stated: LoadInput['expected'], loaded: LoadedWindow): void {
  const { rows, content_hash, by_type, differences = [], unlike_lake: sentences = [] } = loaded;
  const observed = { total: rows.events, content_hash, by: by_type };
  const expected = stated ? { ...stated, by: stated.by_type } : observed;
  const hop = compareHop('warehouse', expected, observed, { sentences, records: differences });
  if (hop.matches) return;
  throw new ClientError('DataQualityFailed', hop.differences.join(' '), { details: { hops: [hop] } });
}
