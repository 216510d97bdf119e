import type { Dbt } from '../clients/dbt.ts';
import type { Warehouse } from '../clients/warehouse.ts';
import type { BuildResult } from '../contracts/steps.ts';
import type { WindowId } from '../contracts/window.ts';
import type { Attempted } from './generate.ts';
import { withPulse } from './pulse.ts';
import { workflowRun } from './workflow-run.ts';

export interface BuildDeps {
  warehouse: Warehouse;
  dbt: Dbt;
}

export interface BuildInput {
  window: WindowId;
  /** Days as the load step returned them. */
  affected_dates: string[];
}

/** dbt is silent while one model runs, and while it waits for a file that another process holds. */
const SILENCE_MS = 900_000;

export async function buildWindow(deps: BuildDeps, input: BuildInput): Promise<Attempted<BuildResult>> {
  return withPulse(SILENCE_MS, async (pulse) => {
    const built = await deps.warehouse.withMartsToOurselves(pulse, () =>
      deps.dbt.build(
        {
          window: input.window,
          affectedDates: input.affected_dates,
          resumeKey: workflowRun(),
          warehouse: deps.warehouse.dbtEnvironment(),
        },
        pulse,
      ),
    );
    return { ...built, attempt: pulse.attempt };
  });
}
