import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SparkSubmit } from '../clients/spark-submit.ts';
import { IngestReport, type IngestSpec, type LakeAccess } from '../contracts/steps.ts';
import { EVENTS_TOPIC } from '../contracts/topics.ts';
import { windowBounds, type WindowId } from '../contracts/window.ts';
import { arrive, type Arrived } from './arrived-window.ts';
import { describeMachine, type Machine } from './machine.ts';
import { type Spread, spread } from './spread.ts';

/** The bare copy is a job of the Spark project like any other; only that no step runs it. */
const JOBS = { peer: '../peers/kafka_to_parquet', ingest: 'ingest' } as const;
export type Job = keyof typeof JOBS;

export interface IngestPlan {
  window: WindowId;
  seed: number;
  sizes: readonly number[];
  runs: number;
  brokers: readonly string[];
  submit: SparkSubmit;
  lake: LakeAccess;
  /** A temporary directory is made in it and removed. */
  directory: string;
}

export interface IngestRun {
  events: number;
  job: Job;
  run: number;
  /** From spark-submit to its end. */
  seconds: number;
  /** By phase, as the job tells them. */
  phases: Record<string, number>;
  /** Phases after the session's start. */
  working_seconds: number;
}

export interface IngestLine {
  events: number;
  job: Job;
  seconds: Spread;
  events_per_second: Spread;
  /** Median over the bare copy's median, session's start left out on both sides. */
  of_peer: number;
}

export interface IngestBench {
  machine: Machine;
  window: WindowId;
  seed: number;
  lines: IngestLine[];
  runs: IngestRun[];
}

export interface IngestObserver {
  publishing(events: number): void;
  begun(job: Job, events: number, run: number): void;
  ended(run: IngestRun): void;
}

async function runJob(
  plan: IngestPlan,
  { receipt, catalogueFile }: Arrived,
  job: Job,
  folder: string,
  signal: AbortSignal,
): Promise<Pick<IngestRun, 'seconds' | 'phases' | 'working_seconds'>> {
  await mkdir(folder);
  const { start, end } = windowBounds(plan.window);
  const spec: IngestSpec = {
    window: plan.window,
    window_start: start,
    window_end: end,
    lake: plan.lake,
    kafka: { brokers: plan.brokers.join(','), topic: EVENTS_TOPIC },
    receipts: [receipt],
    catalogue_file: catalogueFile,
    report_file: join(folder, 'report.json'),
  };
  const specFile = join(folder, 'spec.json');
  await writeFile(specFile, JSON.stringify(spec));
  const begun = performance.now();
  try {
    await plan.submit.run({
      job: JOBS[job],
      specFile,
      localDir: folder,
      signal,
      onProgress: () => undefined,
    });
    const seconds = (performance.now() - begun) / 1_000;
    const report: unknown = JSON.parse(await readFile(spec.report_file, 'utf8'));
    const { seconds: phases } = IngestReport.pick({ seconds: true }).parse(report);
    const all = Object.values(phases).reduce((sum, one) => sum + one, 0);
    const working_seconds = all - (phases.start ?? 0);
    return { seconds, phases, working_seconds };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function summary(
  events: number,
  job: Job,
  runs: readonly IngestRun[],
  peer: readonly IngestRun[],
): IngestLine {
  const rates = (of: readonly IngestRun[]): Spread => spread(of.map((run) => events / run.working_seconds));
  return {
    events,
    job,
    seconds: spread(runs.map(({ seconds }) => seconds)),
    events_per_second: rates(runs),
    of_peer: rates(runs).median / rates(peer).median,
  };
}

/** Measures the whole ingest of a window against a bare copy of the same records, in turns. */
export async function benchIngest(
  plan: IngestPlan,
  observer: IngestObserver,
  signal: AbortSignal,
): Promise<IngestBench> {
  const machine = describeMachine();
  await mkdir(plan.directory, { recursive: true });
  const directory = await mkdtemp(join(plan.directory, 'reprise-bench-'));
  const runs: IngestRun[] = [];
  try {
    for (const events of plan.sizes) {
      observer.publishing(events);
      const arrived = await arrive(plan, events, directory);
      for (let run = 1; run <= plan.runs; run++) {
        for (const job of ['peer', 'ingest'] as const) {
          observer.begun(job, events, run);
          const found = await runJob(plan, arrived, job, join(directory, `${job}-${events}-${run}`), signal);
          const measured = { events, job, run, ...found };
          observer.ended(measured);
          runs.push(measured);
        }
      }
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  const of = (events: number, job: Job): IngestRun[] =>
    runs.filter((run) => run.events === events && run.job === job);
  const lines = plan.sizes.flatMap((events) =>
    (['peer', 'ingest'] as const).map((job) => summary(events, job, of(events, job), of(events, 'peer'))),
  );
  return { machine, window: plan.window, seed: plan.seed, lines, runs };
}
