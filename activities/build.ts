import type { Dbt, DbtBuild } from '../clients/dbt.ts';
import { ClientError } from '../clients/errors.ts';
import type { CutOffBuild } from '../clients/mart-state.ts';
import type { Progress, Warehouse } from '../clients/warehouse.ts';
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
    const build: DbtBuild = {
      window: input.window,
      affectedDates: input.affected_dates,
      resumeKey: workflowRun(),
      warehouse: deps.warehouse.dbtEnvironment(),
    };
    const built = await deps.warehouse.withMartsToOurselves(pulse, async (cutOff) => {
      await finishOthers(deps.dbt, build, cutOff, pulse);
      return deps.dbt.build(build, pulse);
    });
    return { ...built, attempt: pulse.attempt };
  });
}

/**
 * Builds the windows whose build was cut off, each under its own name: so that each gets its own verdict, as if it had
 * been run again. Otherwise one cancelled window would hold back the publication of all later ones.
 */
async function finishOthers(
  dbt: Dbt,
  ours: DbtBuild,
  cutOff: readonly CutOffBuild[],
  progress: Progress,
): Promise<void> {
  // Some tests compare all days: those of every half-built window are mended at once.
  const days = [...new Set(cutOff.flatMap((build) => build.days))].sort();
  for (const { window } of cutOff) {
    if (window === ours.window) continue;
    progress.note({ finishing: window });
    try {
      await dbt.build({ ...ours, window, onBehalfOf: ours.window, affectedDates: days }, progress);
    } catch (error) {
      throw error instanceof ClientError ? ofAnother(window, days, error) : error;
    }
  }
}

function ofAnother(window: WindowId, days: readonly string[], error: ClientError): ClientError {
  const { code, message, retryable, details, retryAfterMs } = error;
  return new ClientError(
    code,
    `the build of ${window} was cut off and has to be finished first (days ${days.join(', ') || 'none'}); ${message}`,
    { cause: error, retryable, details, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
  );
}
