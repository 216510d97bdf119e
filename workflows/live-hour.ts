import { ApplicationFailure } from '@temporalio/workflow';
import type { WindowId } from '../contracts/window.ts';
import { type FirstSteps, most } from './first-steps.ts';
import { ingested } from './ingested.ts';
import type { StepActivities } from './step-activities.ts';

/**
 * An hour that has filled by itself: its ledger is what the broker holds, its receipt is a range of the log, and the
 * resident stream has brought it into the tables.
 * @param again played again: the batch ingest brings in what the topic holds, whatever the tables have become
 */
export function liveHour(window: WindowId, again: boolean, activities: StepActivities): FirstSteps {
  const { counting, hour, streaming, spark } = activities;
  return {
    async generate() {
      const { attempt, ...value } = await counting.countHour({ window });
      return { value: { ...value, landed: value.ledger.arrived }, attempts: attempt };
    },
    async publish({ live }) {
      if (!live)
        throw ApplicationFailure.nonRetryable(
          `${window} was generated; it has to begin at generate to be closed as a live hour`,
          'InvalidInput',
        );
      const { receipts, attempt } = await hour.vouchForHour({ window, ...live });
      return { value: receipts, attempts: attempt };
    },
    async ingest({ catalogue_key }, receipts) {
      // Also before the batch ingest: what the stream brings later would stand there twice.
      const passed = await streaming.awaitStream({ window, receipts });
      const report = again
        ? await spark.ingestWindow({ window, receipts, catalogue_key })
        : await spark.closeWindow({ window, catalogue_key });
      const { value, attempts } = await ingested(activities, report);
      return { value, attempts: most([passed, { attempt: attempts }]) };
    },
  };
}
