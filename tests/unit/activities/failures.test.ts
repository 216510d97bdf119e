import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  MAX_DETAILS,
  MAX_MESSAGE,
  toActivityFailure,
  withActivityFailures,
} from '../../../activities/failures.ts';
import { ClientError } from '../../../clients/errors.ts';
import { ConfigError } from '../../../config/config.ts';
import { FAILURES, type FailureType } from '../../../contracts/failures.ts';

const system = (code: string): Error => Object.assign(new Error(`it failed (${code})`), { code });
const broken = z.object({ window: z.string() }).safeParse({}).error;

const TABLE: { name: string; error: unknown; type: string; retried: boolean }[] = [
  ...(Object.keys(FAILURES) as FailureType[]).map((code) => ({
    name: `a client's ${code}`,
    error: new ClientError(code, 'said by a client'),
    type: code,
    retried: FAILURES[code].retryable,
  })),
  {
    name: 'a subprocess that cannot be helped',
    error: new ClientError('SubprocessFailed', 'exit 78', { retryable: false }),
    type: 'SubprocessFailed',
    retried: false,
  },
  { name: 'a broken contract', error: broken, type: 'ContractViolation', retried: false },
  {
    name: 'a wrong setting',
    error: new ConfigError('S3_ENDPOINT: no'),
    type: 'Misconfigured',
    retried: false,
  },
  { name: 'a missing file', error: system('ENOENT'), type: 'ResourceMissing', retried: false },
  { name: 'a forbidden file', error: system('EACCES'), type: 'AccessDenied', retried: false },
  { name: 'a full disk', error: system('ENOSPC'), type: 'Unavailable', retried: true },
  { name: 'a refused connection', error: system('ECONNREFUSED'), type: 'Unavailable', retried: true },
  {
    name: 'a connection refused at every address',
    error: new AggregateError([system('ECONNREFUSED')], 'all refused'),
    type: 'Unavailable',
    retried: true,
  },
  { name: 'something unforeseen', error: new RangeError('surprise'), type: 'RangeError', retried: true },
  { name: 'something that is no error', error: 'surprise', type: 'Error', retried: true },
];

describe('the failure table', () => {
  it.each(TABLE)('$name -> $type, retried: $retried', ({ error, type, retried }) => {
    const failure = toActivityFailure(error);
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({ type, nonRetryable: !retried });
  });

  it('leaves a cancellation and a failure of our own as they are', () => {
    const cancelled = new CancelledFailure('stop');
    expect(toActivityFailure(cancelled)).toBe(cancelled);
    const own = ApplicationFailure.nonRetryable('known', 'DataQualityFailed');
    expect(toActivityFailure(own)).toBe(own);
    expect(toActivityFailure(new DOMException('stop', 'AbortError'))).toBeInstanceOf(CancelledFailure);
  });

  it('cuts what would not fit into a payload', () => {
    const failure = toActivityFailure(
      new ClientError('Unavailable', 'x'.repeat(3_000_000), { details: { tail: 'y'.repeat(3_000_000) } }),
    ) as ApplicationFailure;
    expect(failure.message.length).toBe(MAX_MESSAGE);
    expect(JSON.stringify(failure.details).length).toBeLessThan(1_000);
  });

  it.each([
    ['that fit', 'y'.repeat(MAX_DETAILS - 20), true],
    ['that are too long only as bytes', 'ü'.repeat(MAX_DETAILS - 20), false],
  ])('keeps or leaves out details %s', (_, tail, kept) => {
    const { details } = toActivityFailure(
      new ClientError('Unavailable', 'no', { details: { tail } }),
    ) as ApplicationFailure;
    expect(details?.[0]).toEqual(kept ? { tail } : { left_out: expect.stringContaining('bytes') });
  });

  it('passes on how long to wait', () => {
    const failure = toActivityFailure(new ClientError('RateLimited', 'slow down', { retryAfterMs: 5_000 }));
    expect(failure).toMatchObject({ nextRetryDelay: 5_000 });
  });

  it('stands around every activity of a factory', async () => {
    const { fail } = withActivityFailures({
      fail: async () => {
        throw new ClientError('AccessDenied', 'no');
      },
    });
    await expect(fail()).rejects.toMatchObject({ type: 'AccessDenied', nonRetryable: true });
  });
});
