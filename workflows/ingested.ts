import type { StepResults } from '../contracts/kept-steps.ts';
import type { IngestReport } from '../contracts/steps.ts';
import { type Done, most } from './first-steps.ts';
import type { StepActivities } from './step-activities.ts';

/** What ends the step: the window's records are in the tables, and those that were rejected are forwarded. */
export async function ingested(
  { deadLetters }: StepActivities,
  report: IngestReport & { attempt?: number },
): Promise<Done<StepResults['ingest']>> {
  const { window, account, tables } = report;
  const { total, content_hash } = account.quarantined;
  const letters = await deadLetters.forwardDeadLetters({
    ...{ window, tables },
    quarantined: { total, content_hash },
  });
  // Its seconds are told by the step.
  return { value: { account, tables }, attempts: most([report, letters]) };
}
