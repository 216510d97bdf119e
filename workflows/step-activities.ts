import { type ActivityOptions, proxyActivities } from '@temporalio/workflow';
import type { createAmendActivities } from '../activities/amend-ledger.ts';
import type { createCountHourActivities } from '../activities/count-hour.ts';
import type { createDeadLetterActivities } from '../activities/dead-letters.ts';
import type { createGenerateActivities } from '../activities/generate.ts';
import type { createHourWatchActivities } from '../activities/hour-watch.ts';
import type { createKeptStepActivities } from '../activities/kept-steps.ts';
import type { createPublishActivities } from '../activities/publish.ts';
import type { createReconcileActivities } from '../activities/reconcile.ts';
import type { createReplayActivities } from '../activities/replays.ts';
import type { createReportActivities } from '../activities/report.ts';
import type { createSparkActivities } from '../activities/spark.ts';
import type { createWarehouseActivities } from '../activities/warehouse.ts';
import type { WindowRequest, WindowSource } from '../contracts/steps.ts';
import { TASK_QUEUES } from '../contracts/task-queues.ts';

type AmendActivities = ReturnType<typeof createAmendActivities>;
type WarehouseActivities = ReturnType<typeof createWarehouseActivities>;
type HourActivities = ReturnType<typeof createHourWatchActivities>;

/** Pulses come every two seconds; a worker on a busy machine may miss several, a dead one misses all. */
const HEARTBEAT = '30 seconds';

/** Only the final word of an attempt counts: a cancelled step has ended its processes before the workflow goes on. */
const CANCELLATION = 'WAIT_CANCELLATION_COMPLETED';

/** How often each activity is tried at most; the reasons stand beside the policies below. */
const ATTEMPTS = {
  findSource: 8,
  countHour: 8,
  vouchForHour: 8,
  awaitStream: 15,
  generateShard: 6,
  finishGeneration: 6,
  publishShard: 8,
  forwardDeadLetters: 8,
  ingestWindow: 3,
  closeWindow: 3,
  compactWindow: 3,
  reconcileWindow: 5,
  loadWindow: 4,
  findGone: 4,
  buildWindow: 4,
  publishServing: 10,
  recordReport: 10,
  recallSteps: 10,
  recallShards: 10,
  keepStep: 10,
  recordReplay: 10,
  amendLedger: 5,
  keepAmendment: 10,
};

/** Undefined for an activity that is none of a window's. */
export const maximumAttempts = (activityType: string): number | undefined =>
  (ATTEMPTS as Record<string, number>)[activityType];

function proxy<A>(options: ActivityOptions) {
  return proxyActivities<A>({ heartbeatTimeout: HEARTBEAT, cancellationType: CANCELLATION, ...options });
}

/** Minutes that grow with the window: `base` and one more for each `eventsPerMinute` events. */
const minutes = (base: number, events: number, eventsPerMinute: number): string =>
  `${base + Math.ceil(events / eventsPerMinute)} minutes`;

/** The busiest hour of a week has about twice as many events as the mean one. */
const BUSIEST_HOUR = 3;

/** Nobody says beforehand how many events a live hour holds: as many as one machine takes. */
const LIVE_HOUR = 20_000_000;

/** The activities of a window of so many events in so many shards, each with its own limits. */
export function stepActivities({
  shards,
  ...asked
}: Pick<WindowRequest, 'events' | 'shards' | 'volume_shape'> & { source?: WindowSource | undefined }) {
  const most = asked.volume_shape === 'diurnal' ? asked.events * BUSIEST_HOUR : asked.events;
  const events = asked.source === 'live' ? LIVE_HOUR : most;
  const perShard = events / shards;
  return {
    generation: proxy<ReturnType<typeof createGenerateActivities>>({
      taskQueue: TASK_QUEUES.publish,
      // 10,000 records a second, a fifth of what one slow core has shown.
      startToCloseTimeout: minutes(3, perShard, 600_000),
      // Fails only when the object store does: half a minute between six attempts outlasts its restart.
      retry: {
        initialInterval: '1 second',
        backoffCoefficient: 2,
        maximumInterval: '20 seconds',
        maximumAttempts: ATTEMPTS.generateShard,
      },
    }),
    counting: proxy<ReturnType<typeof createCountHourActivities>>({
      taskQueue: TASK_QUEUES.publish,
      // Each record once through the rules, 20,000 a second on a slow core; before, somebody's open transaction may have to end.
      startToCloseTimeout: minutes(10, events, 1_000_000),
      // A broker that restarts needs up to a minute.
      retry: {
        initialInterval: '1 second',
        backoffCoefficient: 2,
        maximumInterval: '30 seconds',
        maximumAttempts: ATTEMPTS.countHour,
      },
    }),
    hour: proxy<Pick<HourActivities, 'findSource' | 'vouchForHour'>>({
      taskQueue: TASK_QUEUES.control,
      // Some look-ups; where the stream is behind, the topic is read up to the first record that is live.
      startToCloseTimeout: '10 minutes',
      retry: {
        initialInterval: '1 second',
        backoffCoefficient: 2,
        maximumInterval: '30 seconds',
        maximumAttempts: ATTEMPTS.vouchForHour,
      },
    }),
    streaming: proxy<Pick<HourActivities, 'awaitStream'>>({
      taskQueue: TASK_QUEUES.control,
      // As long as the stream moves it is waited for: after a pause it may be hours behind.
      startToCloseTimeout: '6 hours',
      // Each attempt gives a stream that stands still two minutes: three quarters of an hour to start it again.
      retry: {
        initialInterval: '10 seconds',
        backoffCoefficient: 2,
        maximumInterval: '1 minute',
        maximumAttempts: ATTEMPTS.awaitStream,
      },
    }),
    publishing: proxy<ReturnType<typeof createPublishActivities>>({
      taskQueue: TASK_QUEUES.publish,
      // Within the transaction's own limit of five minutes for a shard of the default size; a longer one fails there.
      startToCloseTimeout: minutes(5, perShard, 600_000),
      // A broker that restarts needs up to a minute until its transaction coordinator answers again.
      retry: {
        initialInterval: '1 second',
        backoffCoefficient: 2,
        maximumInterval: '30 seconds',
        maximumAttempts: ATTEMPTS.publishShard,
      },
    }),
    deadLetters: proxy<ReturnType<typeof createDeadLetterActivities>>({
      taskQueue: TASK_QUEUES.publish,
      // A window of nothing but rejected records must still get through.
      startToCloseTimeout: minutes(5, events, 600_000),
      retry: {
        initialInterval: '1 second',
        backoffCoefficient: 2,
        maximumInterval: '30 seconds',
        maximumAttempts: ATTEMPTS.forwardDeadLetters,
      },
    }),
    spark: proxy<ReturnType<typeof createSparkActivities>>({
      taskQueue: TASK_QUEUES.spark,
      // A session takes 10-40 s to start on a busy machine, and 1M records half a minute.
      startToCloseTimeout: minutes(10, events, 300_000),
      // Each attempt costs a JVM: three, and far enough apart for a broker or a store to come back.
      retry: {
        initialInterval: '5 seconds',
        backoffCoefficient: 3,
        maximumInterval: '1 minute',
        maximumAttempts: ATTEMPTS.ingestWindow,
      },
    }),
    reconciliation: proxy<ReturnType<typeof createReconcileActivities>>({
      taskQueue: TASK_QUEUES.control,
      // DuckDB reads 100,000 records in less than a second; a store under load needs minutes to hand over as many files.
      startToCloseTimeout: minutes(5, events, 1_000_000),
      // What does not balance is final; only a store out of reach is worth another look.
      retry: {
        initialInterval: '1 second',
        backoffCoefficient: 2,
        maximumInterval: '20 seconds',
        maximumAttempts: ATTEMPTS.reconcileWindow,
      },
    }),
    warehouse: proxy<Pick<WarehouseActivities, 'loadWindow' | 'buildWindow' | 'findGone'>>({
      taskQueue: TASK_QUEUES.warehouse,
      // dbt takes seconds on one machine and minutes against a queue of a cloud warehouse.
      startToCloseTimeout: minutes(20, events, 500_000),
      // Lost connections and quota; a failed dbt test is final by its type.
      retry: {
        initialInterval: '2 seconds',
        backoffCoefficient: 2,
        maximumInterval: '1 minute',
        maximumAttempts: ATTEMPTS.loadWindow,
      },
    }),
    serving: proxy<Pick<WarehouseActivities, 'publishServing'>>({
      taskQueue: TASK_QUEUES.warehouse,
      // Copies what the build has made, so it gets as long as that.
      startToCloseTimeout: minutes(20, events, 500_000),
      // Refused while another window's build is under way: five minutes outlast it.
      retry: {
        initialInterval: '2 seconds',
        backoffCoefficient: 2,
        maximumInterval: '1 minute',
        maximumAttempts: ATTEMPTS.publishServing,
      },
    }),
    reports: proxy<ReturnType<typeof createReportActivities>>({
      taskQueue: TASK_QUEUES.control,
      // Two small writes. No heartbeat: shorter than the time after which one would be missed.
      heartbeatTimeout: undefined,
      startToCloseTimeout: '20 seconds',
      retry: {
        initialInterval: '1 second',
        backoffCoefficient: 2,
        maximumInterval: '10 seconds',
        maximumAttempts: ATTEMPTS.recordReport,
      },
    }),
    judging: proxy<Pick<AmendActivities, 'amendLedger'>>({
      taskQueue: TASK_QUEUES.control,
      // Each record once through the rules, 20,000 a second on a slow core.
      startToCloseTimeout: minutes(5, events, 1_000_000),
      // Only a store out of reach is worth another look.
      retry: {
        initialInterval: '1 second',
        backoffCoefficient: 2,
        maximumInterval: '20 seconds',
        maximumAttempts: ATTEMPTS.amendLedger,
      },
    }),
    keeping: proxy<
      ReturnType<typeof createKeptStepActivities> &
        ReturnType<typeof createReplayActivities> &
        Pick<AmendActivities, 'keepAmendment'>
    >({
      taskQueue: TASK_QUEUES.control,
      heartbeatTimeout: undefined,
      // Small objects, at most some hundreds of them. As patient with the store as the steps themselves.
      startToCloseTimeout: '30 seconds',
      retry: {
        initialInterval: '1 second',
        backoffCoefficient: 2,
        maximumInterval: '10 seconds',
        maximumAttempts: ATTEMPTS.keepStep,
      },
    }),
  };
}

export type StepActivities = ReturnType<typeof stepActivities>;
