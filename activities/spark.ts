import { createWriteStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ClientError } from '../clients/errors.ts';
import type { ObjectStore } from '../clients/object-store.ts';
import { withScratch } from '../clients/scratch.ts';
import type { SparkSubmit } from '../clients/spark-submit.ts';
import type { HopReport } from '../contracts/hop-report.ts';
import { liveKeys } from '../contracts/live.ts';
import {
  type CloseSpec,
  type CompactReport,
  CompactReport as CompactReportContract,
  type CompactSpec,
  type IngestReport,
  IngestReport as IngestReportContract,
  type IngestSpec,
  type LakeAccess,
  type Receipt,
  type WindowReceipts,
} from '../contracts/steps.ts';
import { EVENTS_TOPIC } from '../contracts/topics.ts';
import { windowBounds, windowKey, type WindowId } from '../contracts/window.ts';
import { withActivityFailures } from './failures.ts';
import type { Attempted } from './generate.ts';
import { type Pulse, withPulse } from './pulse.ts';
import { readReceipts } from './receipts.ts';

export interface SparkDeps {
  store: ObjectStore;
  submit: SparkSubmit;
  lake: LakeAccess;
  brokers: string[];
  /** Folder for specs, reports and the catalogue; each attempt has its own below it. */
  scratch: string;
  /** Says what the topic lacks of what the receipts name, when ingest has not found it all. Absent: nobody does. */
  explain?: (window: WindowId, receipts: readonly Receipt[], pulse: Pulse) => Promise<HopReport | undefined>;
}

/** Longest that a job is silent between two of its progress lines: one write of the largest table. */
const SILENCE_MS = 600_000;

async function runJob(
  deps: SparkDeps,
  job: string,
  folder: string,
  spec: IngestSpec | CompactSpec | CloseSpec,
  pulse: Pulse,
): Promise<unknown> {
  const specFile = join(folder, 'spec.json');
  await writeFile(specFile, JSON.stringify(spec));
  await deps.submit.run({
    job,
    specFile,
    localDir: folder,
    signal: pulse.signal,
    onProgress: (progress) => pulse.note(progress),
  });
  return JSON.parse(await readFile(spec.report_file, 'utf8'));
}

/** That records are gone is not to be hidden by what stands in the way of finding out which. */
async function explained(
  { explain }: SparkDeps,
  { window, receipts }: IngestSpec,
  pulse: Pulse,
  error: unknown,
): Promise<unknown> {
  if (!explain || !(error instanceof ClientError) || error.code !== 'DataQualityFailed') return error;
  const hop = await explain(window, receipts, pulse).catch(() => undefined);
  pulse.signal.throwIfAborted();
  if (!hop || hop.matches) return error;
  return new ClientError(error.code, `${error.message}; ${hop.differences.join(' ')}`, {
    cause: error,
    details: { ...(error.details as object | undefined), hops: [hop] },
  });
}

/** The catalogue on the driver's disk. Null: players of one's own have brought none. */
async function catalogueIn(
  { store }: SparkDeps,
  folder: string,
  key: string,
  pulse: Pulse,
): Promise<string | null> {
  if (key === liveKeys.catalogue && !(await store.exists(key))) return null;
  const file = join(folder, 'catalogue.ndjson');
  await pipeline(await store.getStream(key), createWriteStream(file), { signal: pulse.signal });
  return file;
}

export function createSparkActivities(deps: SparkDeps) {
  return withActivityFailures({
    /**
     * Reads the receipts' offset ranges into the lake. Idempotency key: the window: its partition of every table is
     * replaced whole in one table commit, so a repeated attempt ends in the same rows.
     */
    ingestWindow: (input: {
      window: WindowId;
      receipts: WindowReceipts;
      catalogue_key: string;
    }): Promise<Attempted<IngestReport>> =>
      withPulse(SILENCE_MS, (pulse) =>
        withScratch(deps.scratch, `ingest-${windowKey(input.window)}`, async (folder) => {
          const { start, end } = windowBounds(input.window);
          const spec: IngestSpec = {
            window: input.window,
            window_start: start,
            window_end: end,
            lake: deps.lake,
            kafka: { brokers: deps.brokers.join(','), topic: EVENTS_TOPIC },
            receipts: await readReceipts(deps.store, input.window, input.receipts),
            catalogue_file: await catalogueIn(deps, folder, input.catalogue_key, pulse),
            report_file: join(folder, 'report.json'),
          };
          const done = await runJob(deps, 'ingest', folder, spec, pulse).catch(async (error: unknown) => {
            throw await explained(deps, spec, pulse, error);
          });
          const report = IngestReportContract.parse(done);
          return { ...report, attempt: pulse.attempt };
        }),
      ),

    /**
     * Makes of an hour that the stream has filled what ingest makes of a window. Idempotency key: the window: its minute
     * counts are replaced whole, and the rest only where it is not what ingest would leave.
     */
    closeWindow: (input: { window: WindowId; catalogue_key: string }): Promise<Attempted<IngestReport>> =>
      withPulse(SILENCE_MS, (pulse) =>
        withScratch(deps.scratch, `close-${windowKey(input.window)}`, async (folder) => {
          const { start, end } = windowBounds(input.window);
          const spec: CloseSpec = {
            window: input.window,
            window_start: start,
            window_end: end,
            lake: deps.lake,
            catalogue_file: await catalogueIn(deps, folder, input.catalogue_key, pulse),
            report_file: join(folder, 'report.json'),
          };
          const report = IngestReportContract.parse(await runJob(deps, 'close', folder, spec, pulse));
          return { ...report, attempt: pulse.attempt };
        }),
      ),

    /**
     * Rewrites the window's files. Idempotency key: the window: a rewritten partition has nothing left to rewrite, and
     * the job compares the content hash before and after.
     */
    compactWindow: (input: { window: WindowId }): Promise<Attempted<CompactReport>> =>
      withPulse(SILENCE_MS, (pulse) =>
        withScratch(deps.scratch, `compact-${windowKey(input.window)}`, async (folder) => {
          const { start, end } = windowBounds(input.window);
          const spec: CompactSpec = {
            window: input.window,
            window_start: start,
            window_end: end,
            lake: deps.lake,
            report_file: join(folder, 'report.json'),
          };
          const report = CompactReportContract.parse(await runJob(deps, 'compact', folder, spec, pulse));
          return { ...report, attempt: pulse.attempt };
        }),
      ),
  });
}
