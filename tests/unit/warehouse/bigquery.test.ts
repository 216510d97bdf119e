import type { BigQuery } from '@google-cloud/bigquery';
import { describe, expect, test } from 'vitest';
import { bigQueryError } from '../../../clients/bigquery.ts';
import {
  hourPartition,
  loadJobId,
  loadPartition,
  type PartitionLoad,
} from '../../../clients/bigquery-load.ts';

const quiet = { signal: new AbortController().signal, note: () => undefined };
const load: PartitionLoad = {
  ...{ dataset: 'reprise_lake', table: 'events', window: '2026-01-05T08:00Z' },
  ...{ file: '/scratch/events.parquet', key: 'run 1' },
};

function apiError(code: number, reason?: string): Error {
  return Object.assign(new Error('refused'), {
    code,
    ...(reason ? { errors: [{ reason, message: 'refused' }] } : {}),
  });
}

describe('an error of BigQuery', () => {
  test.each([
    [apiError(403, 'rateLimitExceeded'), 'RateLimited', true],
    [apiError(403, 'accessDenied'), 'AccessDenied', false],
    [apiError(404, 'notFound'), 'ResourceMissing', false],
    [apiError(400, 'invalidQuery'), 'Misconfigured', false],
    [apiError(503), 'Unavailable', true],
    [Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }), 'Unavailable', true],
    [{ reason: 'backendError', message: 'of a job' }, 'Unavailable', true],
    [new Error('Could not load the default credentials.'), 'AccessDenied', false],
  ])('%# is %s', (error, code, retryable) => {
    expect(bigQueryError('read', error)).toMatchObject({ code, retryable });
  });

  test('that limits the rate says how long to wait', () => {
    expect(bigQueryError('read', apiError(403, 'quotaExceeded')).retryAfterMs).toBeGreaterThan(0);
  });
});

type Outcome = 'running' | 'done' | { reason: string; message: string };

/** As much of BigQuery as a load job needs; `jobs` are those that earlier attempts left. */
class FakeBigQuery {
  readonly location = 'US';
  readonly jobs = new Map<string, Outcome>();
  readonly started: string[] = [];
  readonly tables: string[] = [];
  outcome: Outcome = 'done';

  dataset() {
    return {
      table: (name: string) => ({
        createLoadJob: async (_file: string, { jobId }: { jobId: string }) => {
          if (this.jobs.has(jobId)) throw apiError(409, 'duplicate');
          this.tables.push(name);
          this.started.push(jobId);
          this.jobs.set(jobId, this.outcome);
          return [this.job(jobId)];
        },
      }),
    };
  }

  job(id: string) {
    return {
      getMetadata: async () => {
        const outcome = this.jobs.get(id);
        // Whatever runs has ended the next time that one looks.
        if (outcome === 'running') this.jobs.set(id, 'done');
        const status =
          typeof outcome === 'object'
            ? { state: 'DONE', errorResult: outcome }
            : { state: outcome === 'done' ? 'DONE' : 'RUNNING' };
        return [{ status }];
      },
      cancel: async () => undefined,
    };
  }
}

const asBigQuery = (fake: FakeBigQuery): BigQuery => fake as unknown as BigQuery;

describe('a load of a partition', () => {
  test('goes into the hour of the window', async () => {
    const fake = new FakeBigQuery();
    await loadPartition(asBigQuery(fake), load, quiet);
    expect(fake.tables).toEqual(['events$2026010508']);
    expect(hourPartition('2026-12-31T23:00Z')).toBe('2026123123');
  });

  test.each(['running', 'done'] as const)(
    'takes the job of an earlier attempt that is %s for its own',
    async (outcome) => {
      const fake = new FakeBigQuery();
      fake.jobs.set(loadJobId(load, 1), outcome);
      await loadPartition(asBigQuery(fake), load, quiet);
      expect(fake.started).toEqual([]);
    },
  );

  test('starts a new job after those that failed', async () => {
    const fake = new FakeBigQuery();
    fake.jobs.set(loadJobId(load, 1), { reason: 'backendError', message: 'gone' });
    fake.jobs.set(loadJobId(load, 2), { reason: 'backendError', message: 'gone' });
    await loadPartition(asBigQuery(fake), load, quiet);
    expect(fake.started).toEqual([loadJobId(load, 3)]);
  });

  test('fails with its own job', async () => {
    const fake = new FakeBigQuery();
    fake.outcome = { reason: 'invalid', message: 'no Parquet' };
    await expect(loadPartition(asBigQuery(fake), load, quiet)).rejects.toMatchObject({
      code: 'Misconfigured',
    });
    expect(fake.started.length).toBe(1);
  });

  test('is another for another run', () => {
    expect(loadJobId({ ...load, key: 'run 2' }, 1)).not.toBe(loadJobId(load, 1));
    expect(loadJobId(load, 1)).toMatch(/^[A-Za-z0-9_-]{1,1024}$/);
  });
});
