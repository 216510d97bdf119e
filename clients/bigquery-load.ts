import { createHash } from 'node:crypto';
import type { BigQuery, Job, JobLoadMetadata } from '@google-cloud/bigquery';
import { windowKey, type WindowId } from '../contracts/window.ts';
import type { WarehouseTable } from '../contracts/tables.ts';
import { bigQueryError, finish, httpStatus, request } from './bigquery.ts';
import { ClientError } from './errors.ts';
import type { Progress } from './warehouse.ts';

export interface PartitionLoad {
  dataset: string;
  table: WarehouseTable;
  window: WindowId;
  /** Parquet with the window's rows; all of them lie in the window's partition. */
  file: string;
  /** Attempts with the same key are attempts at the same load. */
  key: string;
}

/** Failed jobs keep their id: an attempt after them takes the next one. More of them than this are no accident. */
const MOST_JOBS = 20;

/** `2026010508`: how BigQuery names the partition of an hour. */
export function hourPartition(window: WindowId): string {
  return window.replaceAll(/\D/g, '').slice(0, 10);
}

export function loadJobId(load: Omit<PartitionLoad, 'file' | 'dataset'>, ordinal: number): string {
  const key = createHash('sha256').update(load.key).digest('hex').slice(0, 16);
  return `reprise_load_${load.table}_${windowKey(load.window).replaceAll(/[^A-Za-z0-9_-]/g, '')}_${key}_${ordinal}`;
}

/**
 * Replaces one partition of a table by one load job, atomically. The job's id follows from the key: an attempt that finds
 * the job of an earlier attempt waits for it instead of loading again.
 */
export async function loadPartition(
  bigQuery: BigQuery,
  load: PartitionLoad,
  progress: Progress,
): Promise<void> {
  const doing = `load ${load.table}`;
  for (let ordinal = 1; ordinal <= MOST_JOBS; ordinal += 1) {
    progress.signal.throwIfAborted();
    const jobId = loadJobId(load, ordinal);
    const started = await start(bigQuery, load, jobId);
    const job = started ?? bigQuery.job(jobId);
    try {
      await finish(doing, job, progress);
      return;
    } catch (error) {
      // A job of an earlier attempt that failed is the reason why there is this attempt.
      if (started !== undefined || !(await hasFailed(job))) throw error;
    }
  }
  throw new ClientError('Unavailable', `BigQuery: ${doing}: ${MOST_JOBS} load jobs have failed`);
}

/** Undefined when a job of that id was there already. */
async function start(bigQuery: BigQuery, load: PartitionLoad, jobId: string): Promise<Job | undefined> {
  const location = bigQuery.location;
  const partition = bigQuery
    .dataset(load.dataset)
    .table(`${load.table}$${hourPartition(load.window)}`, location === undefined ? {} : { location });
  const metadata: JobLoadMetadata = {
    jobId,
    sourceFormat: 'PARQUET',
    writeDisposition: 'WRITE_TRUNCATE',
    createDisposition: 'CREATE_NEVER',
  };
  try {
    const [job] = await partition.createLoadJob(load.file, metadata);
    return job;
  } catch (error) {
    if (httpStatus(error) === 409) return undefined;
    throw bigQueryError(`load ${load.table}`, error);
  }
}

async function hasFailed(job: Job): Promise<boolean> {
  const [metadata] = await request('look up a job', () => job.getMetadata());
  return metadata.status?.state === 'DONE' && metadata.status.errorResult !== undefined;
}
