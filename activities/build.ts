import type { Dbt, DbtBuild } from '../clients/dbt.ts';
import { ClientError } from '../clients/errors.ts';
import type { CutOffBuild } from '../clients/mart-state.ts';
import type { Progress, Warehouse } from '../clients/warehouse.ts';
import type { HopReport } from '../contracts/hop-report.ts';
import { compareHop } from '../contracts/hops.ts';
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
      const outcome = await buildAndAudit(deps, build, pulse);
      const days = new Set([...cutOff.flatMap((one) => one.days), ...build.affectedDates]);
      await deps.warehouse.recordMarts([...days].sort(), pulse);
      return outcome;
    });
    return { ...built, attempt: pulse.attempt };
  });
}

/**
 * dbt's own tests have the last word on the marts, for good; what they cannot say is which events are not in them.
 * @throws ClientError DataQualityFailed, with the hop as its detail
 */
async function buildAndAudit(
  { dbt, warehouse }: BuildDeps,
  build: DbtBuild,
  progress: Progress,
): Promise<BuildResult> {
  const audit = async (): Promise<HopReport> => {
    const { expected, observed, records } = await warehouse.auditMarts(
      build.window,
      build.affectedDates,
      progress,
    );
    return compareHop('marts', expected, observed, { records });
  };
  try {
    const outcome = await dbt.build(build, progress);
    const hop = await audit();
    if (!hop.matches) throw new ClientError('DataQualityFailed', 'the marts do not hold what happened');
    return { ...outcome, hops: [hop] };
  } catch (error) {
    if (!(error instanceof ClientError) || error.code !== 'DataQualityFailed') throw error;
    // Half-built marts may not even have the tables; that is not what went wrong.
    const hop = await audit().catch(() => undefined);
    if (!hop || hop.matches) throw error;
    throw new ClientError(error.code, `${error.message}; ${hop.differences.join(' ')}`, {
      cause: error,
      details: { ...(error.details as object | undefined), hops: [hop] },
    });
  }
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
