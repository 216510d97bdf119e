import { describe, expect, it } from 'vitest';
import { ClientError } from '../../../clients/errors.ts';
import { objectStoreError } from '../../../clients/object-store.ts';

const s3 = (code: string) => Object.assign(new Error(`S3 says ${code}`), { code });

describe('objectStoreError', () => {
  it.each([
    [s3('NoSuchKey'), 'ResourceMissing', false],
    [s3('NoSuchBucket'), 'ResourceMissing', false],
    [s3('InvalidAccessKeyId'), 'AccessDenied', false],
    [s3('SignatureDoesNotMatch'), 'AccessDenied', false],
    [s3('SlowDown'), 'RateLimited', true],
    [s3('ECONNREFUSED'), 'Unavailable', true],
    [s3('InternalError'), 'Unavailable', true],
  ])('%s -> %s', (error, code, retryable) => {
    expect(objectStoreError('read landing/x', error)).toMatchObject({ code, retryable });
    expect(objectStoreError('read landing/x', error).message).toContain('read landing/x');
  });

  it('leaves an error that is ours as it is', () => {
    const own = new ClientError('TimedOut', 'late');
    expect(objectStoreError('read', own)).toBe(own);
  });
});
