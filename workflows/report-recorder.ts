import { CancellationScope, log } from '@temporalio/workflow';
import type { WindowReport } from '../contracts/report.ts';
import type { StepActivities } from './step-activities.ts';
import type { WindowProgressLog } from './window-progress.ts';

/**
 * Reports go out beside the steps, so that none waits for its predecessor's report; at most one is under way and only the
 * newest waits, so that an older never replaces a newer.
 */
export function reportRecorder(activities: StepActivities, window: WindowProgressLog) {
  let next: WindowReport | undefined;
  let running: Promise<void> | undefined;
  const drain = async (): Promise<void> => {
    while (next) {
      const report = next;
      next = undefined;
      try {
        await activities.reports.recordReport({ report });
      } catch (error) {
        log.warn('a report in between was not recorded', { error });
      }
    }
    running = undefined;
  };
  return {
    record(): void {
      next = window.report();
      running ??= CancellationScope.nonCancellable(drain);
    },
    async recordLast(): Promise<void> {
      next = undefined;
      await running;
      await activities.reports.recordReport({ report: window.report() });
    },
  };
}
