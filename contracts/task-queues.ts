/** One task queue a capability, so that each can be scaled by itself. Each is served by its own worker process. */
export const TASK_QUEUES = {
  /** Workflows, and the activities that only move references: reconciliation, reports. */
  control: 'reprise-control',
  /** Generate and publish: CPU of Node, Kafka and the object store. */
  publish: 'reprise-publish',
  /** One JVM a task. */
  spark: 'reprise-spark',
  /** Load, dbt build, publish serving. */
  warehouse: 'reprise-warehouse',
  /** The resident stream and its producer: they end only when they are told to. */
  live: 'reprise-live',
} as const;

export type Capability = keyof typeof TASK_QUEUES;

export const LISTENING_WINDOW_WORKFLOW = 'listeningWindow';

/** Says what a replay would do; Airflow asks it, since only a worker reads the object store. */
/** Somebody wanted the window played while it ran: his order goes on the record of this run. */
export const JOINED_SIGNAL = 'joined';
export const REPLAY_PLAN_WORKFLOW = 'replayPlan';

/** Temporal search attributes, by name and type; the server is started with them. */
export const SEARCH_ATTRIBUTES = {
  RepriseWindow: 'Datetime',
  RepriseState: 'Keyword',
  RepriseStep: 'Keyword',
  RepriseSource: 'Keyword',
  RepriseArrived: 'Int',
  RepriseValid: 'Int',
  RepriseQuarantined: 'Int',
  // Temporal's SQL visibility store has three columns for integers and three for doubles.
  RepriseDuplicates: 'Double',
} as const;

/** Query of a running or closed window workflow; answers with `WindowProgress`. */
export const PROGRESS_QUERY = 'progress';
