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
  /** Stopped for longer than the heartbeat's limit, or for as long as the step runs, then let go on. */
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
  moment?: Moment;
  /** Airflow asks for the window, so that its parts have something to lose. */
  airflow?: boolean;
}

const SPARK: readonly StepName[] = ['ingest', 'compact'];
const WORKERS = ['worker-control', 'worker-publish', 'worker-spark', 'worker-warehouse'] as const;
const SERVERS = ['kafka', 'minio', 'temporal'] as const;
export const AIRFLOW = ['airflow-scheduler', 'airflow-triggerer'] as const;
/** The steps that speak to a server; a line to the others is idle. */
const SPEAKS_TO: Record<'kafka' | 'minio', readonly StepName[]> = {
  kafka: ['publish', 'ingest'],
  minio: ['generate', 'publish', 'ingest', 'reconcile', 'compact', 'load'],
};

const everyStep = (kind: 'kill' | 'stop', victims: readonly Victim[], airflow = false): Case[] =>
  victims.map((victim) => ({
    name: `${kind} ${victim}`,
    fault: { kind, victim },
    steps: STEPS,
    ...(airflow ? { airflow } : {}),
  }));

/** Every fault, and the steps in which it strikes. */
export const CASES: readonly Case[] = [
  ...everyStep('kill', [...WORKERS, ...SERVERS]),
  { name: 'kill spark-driver', fault: { kind: 'kill', victim: 'spark-driver' }, steps: SPARK },
  {
    name: 'kill spark-driver between two tables',
    fault: { kind: 'kill', victim: 'spark-driver' },
    steps: SPARK,
    moment: 'between two tables',
  },
  { name: 'kill dbt', fault: { kind: 'kill', victim: 'dbt' }, steps: ['build'] },
  ...everyStep('kill', AIRFLOW, true),
  ...everyStep('stop', [...WORKERS, ...SERVERS]),
  { name: 'stop spark-driver', fault: { kind: 'stop', victim: 'spark-driver' }, steps: SPARK },
  { name: 'stop dbt', fault: { kind: 'stop', victim: 'dbt' }, steps: ['build'] },
  ...everyStep('stop', AIRFLOW, true),
  ...(['kafka', 'minio'] as const).flatMap((to) =>
    (['refused', 'slow', 'cut'] as const).map(
      (state): Case => ({
        name: `${state} ${to}`,
        fault: { kind: 'line', to, state },
        steps: SPEAKS_TO[to],
      }),
    ),
  ),
  { name: 'full disk of kafka', fault: { kind: 'full', disk: 'kafka' }, steps: ['publish'] },
  {
    name: 'full disk of minio',
    fault: { kind: 'full', disk: 'minio' },
    steps: ['generate', 'ingest', 'compact'],
  },
  { name: 'full disk of scratch', fault: { kind: 'full', disk: 'scratch' }, steps: ['ingest', 'compact'] },
  { name: 'full disk of warehouse', fault: { kind: 'full', disk: 'warehouse' }, steps: ['load', 'build'] },
  { name: 'poison', fault: { kind: 'poison' }, steps: ['publish'] },
  { name: 'half-written landing object', fault: { kind: 'half-written' }, steps: ['generate'] },
  { name: 'rotated key', fault: { kind: 'rotated-key' }, steps: ['ingest'] },
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
