import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { LakeReader } from '../clients/lake-reader.ts';
import type { SparkSubmit } from '../clients/spark-submit.ts';
import {
  CompactReport,
  type CompactSpec,
  type IngestSpec,
  type LakeAccess,
  LakeVersions,
} from '../contracts/steps.ts';
import { EVENTS_TOPIC } from '../contracts/topics.ts';
import { windowBounds, type WindowId } from '../contracts/window.ts';
import { arrive } from './arrived-window.ts';
import { describeMachine, type Machine } from './machine.ts';
import { type Spread, spread } from './spread.ts';

export interface CompactionPlan {
  window: WindowId;
  seed: number;
  events: number;
  /** Repetitions of each query. */
  runs: number;
  brokers: readonly string[];
  submit: SparkSubmit;
  reader: LakeReader;
  lake: LakeAccess;
  /** A temporary directory is made in it and removed. */
  directory: string;
}

/** What people ask of an hour: a summary that reads it all, and one listener's part. */
const QUERIES = {
  'skips by country': `SELECT country, count(*) FILTER (event_type = 'track_skipped') / count(*) AS rate
    FROM events WHERE event_type IN ('track_played', 'track_skipped') GROUP BY country`,
  'one listener': `SELECT * FROM events WHERE event_type = 'track_played'
    AND listener_id = (SELECT min(listener_id) FROM events) ORDER BY occurred_at`,
} as const;
export type Query = keyof typeof QUERIES;

export interface CompactionBench {
  machine: Machine;
  window: WindowId;
  events: number;
  /** Of the job, its session's start included. */
  seconds: number;
  phases: Record<string, number>;
  rewritten: CompactReport['rewritten'];
  content_hash_before: string;
  content_hash_after: string;
  /** Seconds of each query, connection made before. */
  queries: { query: Query; before: Spread; after: Spread }[];
}

export interface CompactionObserver {
  doing(what: string): void;
}

const Scattered = z.object({ tables: LakeVersions });

class Compaction {
  private readonly plan: CompactionPlan;
  private readonly directory: string;
  private readonly signal: AbortSignal;

  constructor(plan: CompactionPlan, directory: string, signal: AbortSignal) {
    this.plan = plan;
    this.directory = directory;
    this.signal = signal;
  }

  get windowSpec(): Omit<CompactSpec, 'report_file'> {
    const { start, end } = windowBounds(this.plan.window);
    return { window: this.plan.window, window_start: start, window_end: end, lake: this.plan.lake };
  }

  /** Runs a job to its report. */
  async job(
    job: string,
    spec: Omit<IngestSpec, 'report_file'> | Omit<CompactSpec, 'report_file'>,
  ): Promise<unknown> {
    const folder = join(this.directory, job.replaceAll('/', '-'));
    await mkdir(folder);
    const reportFile = join(folder, 'report.json');
    const specFile = join(folder, 'spec.json');
    await writeFile(specFile, JSON.stringify({ ...spec, report_file: reportFile }));
    await this.plan.submit.run({
      ...{ job, specFile, localDir: folder, signal: this.signal },
      onProgress: () => undefined,
    });
    return JSON.parse(await readFile(reportFile, 'utf8'));
  }

  async scan(tables: LakeVersions): Promise<Record<Query, Spread>> {
    const session = await this.plan.reader.open(this.plan.window, tables, this.signal);
    try {
      const found: [string, Spread][] = [];
      for (const [name, sql] of Object.entries(QUERIES)) {
        const seconds: number[] = [];
        for (let run = 0; run < this.plan.runs; run++) {
          const begun = performance.now();
          await session.rows(sql);
          seconds.push((performance.now() - begun) / 1_000);
        }
        found.push([name, spread(seconds)]);
      }
      return Object.fromEntries(found) as Record<Query, Spread>;
    } finally {
      session.close();
    }
  }
}

/**
 * Ingests a window, lays it out in the small files that a resident stream leaves, and compacts it: what is there, and how
 * long a reader takes, before and after.
 */
export async function benchCompaction(
  plan: CompactionPlan,
  observer: CompactionObserver,
  signal: AbortSignal,
): Promise<CompactionBench> {
  const machine = describeMachine();
  await mkdir(plan.directory, { recursive: true });
  const directory = await mkdtemp(join(plan.directory, 'reprise-bench-'));
  try {
    const compaction = new Compaction(plan, directory, signal);
    observer.doing('ingesting');
    const { receipt, catalogueFile } = await arrive(plan, plan.events, directory);
    const { windowSpec } = compaction;
    const kafka = { brokers: plan.brokers.join(','), topic: EVENTS_TOPIC };
    await compaction.job('ingest', {
      ...windowSpec,
      kafka,
      receipts: [receipt],
      catalogue_file: catalogueFile,
    });
    observer.doing('laying it out in small files');
    const scattered = Scattered.parse(await compaction.job('../peers/scatter', windowSpec));
    observer.doing('reading small files');
    const before = await compaction.scan(scattered.tables);
    observer.doing('compacting');
    const begun = performance.now();
    const report = CompactReport.parse(await compaction.job('compact', windowSpec));
    const seconds = (performance.now() - begun) / 1_000;
    observer.doing('reading what was compacted');
    const after = await compaction.scan(report.tables);
    const queries = (Object.keys(QUERIES) as Query[]).map((query) => ({
      ...{ query, before: before[query], after: after[query] },
    }));
    const { rewritten, content_hash_before, content_hash_after, seconds: phases } = report;
    return {
      ...{ machine, window: plan.window, events: plan.events, seconds, phases, rewritten },
      ...{ content_hash_before, content_hash_after, queries },
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
