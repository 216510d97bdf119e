import { setTimeout as sleep } from 'node:timers/promises';
import { BigQuery, type Job } from '@google-cloud/bigquery';
import { OAuth2Client } from 'google-auth-library';
import type { FailureType } from '../contracts/failures.ts';
import { ClientError, isNetworkError, systemCode } from './errors.ts';
import type { Progress } from './warehouse.ts';

export interface BigQuerySettings {
  project: string;
  /** Name of the datasets without their layer: `reprise` -> `reprise_lake`, `reprise_marts`. */
  dataset: string;
  location: string;
  /** Absent: Google's own. Present: an emulator, reached without credentials. */
  endpoint: string | undefined;
  /** Service account key; absent: application default credentials. */
  credentialsFile: string | undefined;
}

/** Of single requests. The workflow owns the retry of the step. */
const REQUEST_RETRIES = 1;
const POLL_MS = 300;
const POLL_LONGEST_MS = 3_000;
const RATE_LIMIT_PAUSE_MS = 20_000;

export function connectBigQuery(settings: BigQuerySettings): BigQuery {
  const { project, location, endpoint, credentialsFile } = settings;
  const options = { projectId: project, location, maxRetries: REQUEST_RETRIES };
  if (endpoint !== undefined) {
    return new BigQuery({ ...options, apiEndpoint: endpoint, authClient: withoutCredentials() });
  }
  return new BigQuery({
    ...options,
    ...(credentialsFile === undefined ? {} : { keyFilename: credentialsFile }),
  });
}

/** A fixed `token` option looks simpler, but uploads crash on it. */
function withoutCredentials(): OAuth2Client {
  const client = new OAuth2Client();
  client.setCredentials({ access_token: 'none', expiry_date: Number.MAX_SAFE_INTEGER });
  return client;
}

interface Reasoned {
  reason?: string;
  message?: string;
}

const REASONS: Record<string, FailureType> = {
  rateLimitExceeded: 'RateLimited',
  jobRateLimitExceeded: 'RateLimited',
  quotaExceeded: 'RateLimited',
  accessDenied: 'AccessDenied',
  billingNotEnabled: 'AccessDenied',
  billingTierLimitExceeded: 'AccessDenied',
  notFound: 'ResourceMissing',
  backendError: 'Unavailable',
  internalError: 'Unavailable',
  jobBackendError: 'Unavailable',
  jobInternalError: 'Unavailable',
  resourcesExceeded: 'Unavailable',
  resourceInUse: 'Unavailable',
  tableUnavailable: 'Unavailable',
  timeout: 'TimedOut',
  invalid: 'Misconfigured',
  invalidQuery: 'Misconfigured',
};

const STATUSES: Record<number, FailureType> = {
  400: 'Misconfigured',
  401: 'AccessDenied',
  403: 'AccessDenied',
  404: 'ResourceMissing',
  408: 'TimedOut',
  429: 'RateLimited',
};

function reasonsOf(error: unknown): Reasoned[] {
  const { errors, reason, message } = error as { errors?: Reasoned[]; reason?: string; message?: string };
  return errors?.length ? errors : [{ ...(reason ? { reason } : {}), ...(message ? { message } : {}) }];
}

export function httpStatus(error: unknown): number | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'number' ? code : undefined;
}

/** @param doing what was being done, as it should read in a sentence */
export function bigQueryError(doing: string, error: unknown): ClientError {
  if (error instanceof ClientError) return error;
  const [first] = reasonsOf(error);
  const message = first?.message ?? (error instanceof Error ? error.message : String(error));
  const status = httpStatus(error);
  const code =
    REASONS[first?.reason ?? ''] ??
    STATUSES[status ?? 0] ??
    (isNetworkError(error) || (status ?? 0) >= 500 ? 'Unavailable' : undefined) ??
    (/could not load the default credentials|invalid_grant/i.test(message) ? 'AccessDenied' : 'Unavailable');
  const detail = systemCode(error) === undefined ? message : `${message} (${systemCode(error)})`;
  return new ClientError(code, `BigQuery: ${doing}: ${detail}`, {
    cause: error,
    ...(code === 'RateLimited' ? { retryAfterMs: RATE_LIMIT_PAUSE_MS } : {}),
  });
}

/** Does one request, with its failure named. */
export async function request<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw bigQueryError(doing, error);
  }
}

/**
 * Waits until the job has ended. A cancelled wait cancels the job, and ends when BigQuery has taken that in.
 * @throws ClientError by the reason that the job gives
 */
export async function finish(doing: string, job: Job, progress: Progress): Promise<void> {
  for (let pause = POLL_MS; ; pause = Math.min(POLL_LONGEST_MS, pause * 1.5)) {
    if (progress.signal.aborted) {
      await job.cancel().catch(() => undefined);
      throw progress.signal.reason;
    }
    const [metadata] = await request(doing, () => job.getMetadata());
    const { state, errorResult } = metadata.status ?? {};
    if (state === 'DONE') {
      if (errorResult) throw bigQueryError(doing, errorResult);
      return;
    }
    progress.note({ waiting_for: doing });
    await sleep(pause, undefined, { signal: progress.signal }).catch(() => undefined);
  }
}

/** Runs one statement to its end and returns its rows, of which there are few. */
export async function runQuery(
  bigQuery: BigQuery,
  doing: string,
  query: string,
  progress: Progress,
): Promise<Record<string, unknown>[]> {
  const [job] = await request(doing, () => bigQuery.createQueryJob({ query, useLegacySql: false }));
  await finish(doing, job, progress);
  const [rows] = await request(doing, () => job.getQueryResults());
  return rows as Record<string, unknown>[];
}
