import { ApplicationFailure, proxyActivities } from '@temporalio/workflow';
import type { createPlanReplayActivities } from '../activities/plan-replay.ts';
import { type PlannedWindow, ReplayScope } from '../contracts/replay-plan.ts';
import { TASK_QUEUES } from '../contracts/task-queues.ts';

const planning = proxyActivities<ReturnType<typeof createPlanReplayActivities>>({
  taskQueue: TASK_QUEUES.control,
  // Some small objects a window; four days of windows take seconds.
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
 * What a replay of these windows would do. A window takes up to 500 bytes of the plan: whoever asks for more than four days
 * asks for four at a time.
 */
export async function replayPlan(given: ReplayScope): Promise<PlannedWindow[]> {
  const scope = ReplayScope.safeParse(given);
  if (!scope.success) {
    const first = scope.error.issues[0];
    throw ApplicationFailure.nonRetryable(`${first?.path.join('.')}: ${first?.message}`, 'InvalidInput');
  }
  const { planReplay } = scope.data.quarantined ? judging : planning;
  const plans = await planReplay(scope.data);
  return plans.filter(({ plays }) => plays).map((plan) => ({ ...plan, days: [] }));
}
