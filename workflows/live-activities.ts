import { type ActivityOptions, proxyActivities } from '@temporalio/workflow';
import type { createProduceActivities } from '../activities/live/produce.ts';
import type { createSuperviseActivities } from '../activities/live/supervise-stream.ts';
import { TASK_QUEUES } from '../contracts/task-queues.ts';

type ProduceActivities = ReturnType<typeof createProduceActivities>;

function proxy<A>(options: ActivityOptions) {
  return proxyActivities<A>({
    taskQueue: TASK_QUEUES.live,
    // As for the steps of a window: beats come every two seconds, and a dead worker misses all.
    heartbeatTimeout: '30 seconds',
    // A stop goes on when the producer has sent its last record, and the stream has committed it.
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    ...options,
  });
}

/** What is resident has no length: its heartbeat watches over it. After so long an attempt makes way for another one. */
const RESIDENT = '30 days';

/**
 * Without end: whoever has asked for a stream wants it back, whatever was away and for however long. Attempts leave nothing in
 * the history. A minute between them at most, so that it is back soon after its cause has gone.
 */
const FOR_EVER = {
  initialInterval: '2 seconds',
  backoffCoefficient: 2,
  maximumInterval: '1 minute',
} as const;

export const catalogue = proxy<Pick<ProduceActivities, 'writeCatalogue'>>({
  // 400,000 tracks are described in seconds; a store under load takes a minute for their 100 MB.
  startToCloseTimeout: '10 minutes',
  // Fails only when the object store does. Nothing is sent before it is there.
  retry: FOR_EVER,
});

export const producing = proxy<Pick<ProduceActivities, 'produce'>>({
  startToCloseTimeout: RESIDENT,
  retry: FOR_EVER,
});

export const supervising = proxy<ReturnType<typeof createSuperviseActivities>>({
  startToCloseTimeout: RESIDENT,
  retry: FOR_EVER,
});
