import { type StepName, STEPS } from '../../contracts/steps.ts';

/** What is killed or stopped: a service of the installation by its name, or the program of the step that runs. */
export type Victim =
  | 'worker-control'
  | 'worker-publish'
  | 'worker-spark'
  | 'worker-warehouse'
  | 'kafka'
  | 'minio'
  | 'temporal'
  | 'airflow-scheduler'
  | 'airflow-triggerer'
  | 'spark-driver'
  | 'dbt';

export type Disk = 'kafka' | 'minio' | 'warehouse' | 'scratch';

export type Fault =
  | { kind: 'kill'; victim: Victim }
  /** Stopped for longer than the heartbeat's limit, then let go on. */
  | { kind: 'stop'; victim: Victim }
  | { kind: 'line'; to: 'kafka' | 'minio'; state: 'refused' | 'slow' | 'cut' }
  /** No byte is left on the disk of that part until an attempt has failed. */
  | { kind: 'full'; disk: Disk }
  /** Records of others between those of the window: without headers, with wrong ones, as large as the broker takes. */
  | { kind: 'poison' }
  /** Half of a landed shard, where the whole one was. */
  | { kind: 'half-written' }
  /** The store no longer takes the key that the workers have; they get the new one before the replay. */
  | { kind: 'rotated-key' };

/** Exactly when, while the step runs: in its middle, or between two commits of the same job. */
export type Moment = 'running' | 'between two tables';

export interface Case {
  name: string;
  fault: Fault;
  steps: readonly StepName[];
  /** Why it has no meaning in the other steps. */
  elsewhere?: string;
  moment?: Moment;
  /** Airflow asks for the window, so that its parts have something to lose. */
  airflow?: boolean;
}

const SPARK: readonly StepName[] = ['ingest', 'compact'];
const WORKERS = ['worker-control', 'worker-publish', 'worker-spark', 'worker-warehouse'] as const;
const SERVERS = ['kafka', 'minio', 'temporal'] as const;
const AIRFLOW = ['airflow-scheduler', 'airflow-triggerer'] as const;
type Part = (typeof WORKERS | typeof SERVERS | typeof AIRFLOW)[number];

type Reach = Pick<Case, 'steps' | 'elsewhere'>;
const ASKS_THE_BROKER: Reach = {
  steps: ['publish', 'ingest'],
  elsewhere: 'no other step asks the broker',
};
/** The steps in which a part has something to do; in the others it would die beside a window that does not notice. */
const REACH: Partial<Record<Part, Reach>> = {
  'worker-publish': {
    steps: ['generate', 'publish', 'ingest'],
    elsewhere: 'generates, publishes, and sends the dead letters at the end of ingest; nothing else',
  },
  'worker-spark': { steps: SPARK, elsewhere: 'runs the two Spark jobs; nothing else' },
  'worker-warehouse': {
    steps: ['load', 'build', 'publish_serving'],
    elsewhere: 'loads, builds and publishes the snapshot; nothing else',
  },
  kafka: ASKS_THE_BROKER,
};
const LINES: Record<'kafka' | 'minio', Reach> = {
  kafka: ASKS_THE_BROKER,
  minio: {
    steps: ['generate', 'publish', 'ingest', 'reconcile', 'compact', 'load'],
    elsewhere:
      'in build and serving nothing but the account of the step that is over goes to the store: the store itself is killed and stopped in the middle of that',
  },
};

const everyStep = (kind: 'kill' | 'stop', victims: readonly Part[], airflow = false): Case[] =>
  victims.map((victim) => ({
    name: `${kind} ${victim}`,
    fault: { kind, victim },
    ...(REACH[victim] ?? { steps: STEPS }),
    ...(airflow ? { airflow } : {}),
  }));

const ONE_SPARK: Reach = { steps: SPARK, elsewhere: 'only these two steps are Spark jobs' };
const ONE_DBT: Reach = { steps: ['build'], elsewhere: 'only build runs dbt' };
/** Of a disk: who writes to it in the other steps writes little, or nothing. */
const disk = (of: Disk, steps: readonly StepName[], elsewhere: string): Case => ({
  name: `full disk of ${of}`,
  fault: { kind: 'full', disk: of },
  steps,
  elsewhere,
});

/** Every fault, and the steps in which it strikes. */
export const CASES: readonly Case[] = [
  ...everyStep('kill', [...WORKERS, ...SERVERS]),
  { name: 'kill spark-driver', fault: { kind: 'kill', victim: 'spark-driver' }, ...ONE_SPARK },
  {
    name: 'kill spark-driver between two tables',
    fault: { kind: 'kill', victim: 'spark-driver' },
    ...ONE_SPARK,
    moment: 'between two tables',
  },
  { name: 'kill dbt', fault: { kind: 'kill', victim: 'dbt' }, ...ONE_DBT },
  ...everyStep('kill', AIRFLOW, true),
  ...everyStep('stop', [...WORKERS, ...SERVERS]),
  { name: 'stop spark-driver', fault: { kind: 'stop', victim: 'spark-driver' }, ...ONE_SPARK },
  { name: 'stop dbt', fault: { kind: 'stop', victim: 'dbt' }, ...ONE_DBT },
  ...everyStep('stop', AIRFLOW, true),
  ...(['kafka', 'minio'] as const).flatMap((to) =>
    (['refused', 'slow', 'cut'] as const).map(
      (state): Case => ({ name: `${state} ${to}`, fault: { kind: 'line', to, state }, ...LINES[to] }),
    ),
  ),
  disk('kafka', ['publish'], 'ingest writes nothing to it but some dead letters'),
  disk(
    'minio',
    ['generate', 'ingest', 'compact'],
    'the other steps write nothing to it but their small account',
  ),
  disk('scratch', ['ingest', 'compact'], 'only Spark spills'),
  disk('warehouse', ['load', 'build'], 'no other step writes to it'),
  {
    name: 'poison',
    fault: { kind: 'poison' },
    steps: ['publish'],
    elsewhere: 'the window has its offsets from then on; what comes behind them is nobody’s',
  },
  {
    name: 'half-written landing object',
    fault: { kind: 'half-written' },
    steps: ['generate'],
    elsewhere: 'it is halved when generate has landed it and nobody has read it yet',
  },
  {
    name: 'rotated key',
    fault: { kind: 'rotated-key' },
    steps: ['ingest'],
    elsewhere: 'every step has the same key; ingest hands it to the most programs',
  },
];

/** One fault in one step: what is injected, and what the table tells of. */
export interface Cell {
  fault: Case;
  step: StepName;
}

export const cellsOf = (one: Case): Cell[] => one.steps.map((step) => ({ fault: one, step }));
export const cellName = ({ fault, step }: Cell): string => `${fault.name} in ${step}`;

/** The cells of the table by their names, for a window that meets several faults. @throws Error */
export function cellNamed(name: string): Cell {
  const found = CASES.flatMap(cellsOf).find((cell) => cellName(cell) === name);
  if (!found) throw new Error(`there is no "${name}" in the table of faults`);
  return found;
}

/** The window of `npm test`: a fault of its own kind in each step, and of each kind the one that costs least time. */
export const QUICK: readonly string[] = [
  'cut minio in generate',
  'kill kafka in publish',
  'kill spark-driver between two tables in ingest',
  'kill temporal in reconcile',
  'kill minio in compact',
  'refused minio in load',
  'kill dbt in build',
  'kill worker-control in publish_serving',
];
