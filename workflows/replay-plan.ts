import { ApplicationFailure, proxyActivities } from '@temporalio/workflow';
import type { createPlanReplayActivities } from '../activities/plan-part.ts';
import { type PlanPart, type PlannedWindow, ReplayScope } from '../contracts/replay-plan.ts';
import { TASK_QUEUES } from '../contracts/task-queues.ts';

const planning = proxyActivities<ReturnType<typeof createPlanReplayActivities>>({
  taskQueue: TASK_QUEUES.control,
  // Some small objects a window, and four days of windows at most: seconds.
  startToCloseTimeout: '2 minutes',
  // Fails only when the object store does: half a minute between the attempts outlasts its restart.
  retry: {
    initialInterval: '1 second',
    backoffCoefficient: 2,
    maximumInterval: '10 seconds',
    maximumAttempts: 6,
  },
});

/** With every record of every window once through the rules: a minute a million. */
const judging = proxyActivities<ReturnType<typeof createPlanReplayActivities>>({
  taskQueue: TASK_QUEUES.control,
  // Six windows of five million records, two side by side.
  startToCloseTimeout: '30 minutes',
  // Pulses come every two seconds.
  heartbeatTimeout: '30 seconds',
  // Only a store out of reach is worth another look.
  retry: {
    initialInterval: '1 second',
    backoffCoefficient: 2,
    maximumInterval: '10 seconds',
    maximumAttempts: 6,
  },
});

/**
 * What a replay of these windows would do: of a long range the first part. A workflow for each part, so that no history
 * grows with the range.
 */
export async function replayPlan(given: ReplayScope): Promise<PlanPart> {
  const scope = ReplayScope.safeParse(given);
  if (!scope.success) {
    const first = scope.error.issues[0];
    throw ApplicationFailure.nonRetryable(`${first?.path.join('.')}: ${first?.message}`, 'InvalidInput');
  }
  const { planReplay } = scope.data.quarantined ? judging : planning;
  // An activity of an earlier version gave all windows at once.
  const found: PlanPart | PlannedWindow[] = await planReplay(scope.data);
  return Array.isArray(found) ? { windows: found.filter(({ plays }) => plays), next: null } : found;
}
