import { describe, expect, test } from 'vitest';
import { classifyDbtFailure, type DbtResult, parseDbtLine } from '../../../clients/dbt-results.ts';

const ended = { exitCode: 1, signal: undefined, seconds: 1, tail: 'the last words\n' };
const broken = (message: string): DbtResult[] => [
  { unique_id: 'model.reprise.sessions', status: 'error', message },
];

describe('a build that ended badly', () => {
  test.each([
    ['IO Error: Could not set lock on file "/x": Conflicting lock is held', 'Unavailable', true],
    ['Quota exceeded: too many queries', 'RateLimited', true],
    ['503 POST https://x: Service Unavailable', 'Unavailable', true],
    ['Could not serialize access to table due to concurrent update', 'Unavailable', true],
    ['Access Denied: Table x: User does not have permission', 'AccessDenied', false],
    ['Compilation Error in model sessions\n  it depends on nothing', 'Misconfigured', false],
    ['Runtime Error in model sessions\n  Binder Error: no such column', 'Misconfigured', false],
  ] as const)('%s', (message, code, retryable) => {
    expect(classifyDbtFailure(broken(message), [], ended)).toMatchObject({ code, retryable });
  });

  test('names the tests that failed, and is not tried again', () => {
    const error = classifyDbtFailure(
      [
        { unique_id: 'model.reprise.sessions', status: 'success' },
        { unique_id: 'test.reprise.unique_sessions_session_id.0123', status: 'fail', failures: 3 },
        { unique_id: 'model.reprise.listeners', status: 'skipped' },
      ],
      [],
      ended,
    );
    expect(error).toMatchObject({ code: 'DataQualityFailed', retryable: false });
    expect(error.message).toContain('unique_sessions_session_id (3 rows)');
  });

  test('is judged by what dbt printed when it did not get as far as a result', () => {
    const error = classifyDbtFailure([], ['Encountered an error:\nParsing Error\n  bad yaml'], ended);
    expect(error).toMatchObject({ code: 'Misconfigured', message: 'dbt: Parsing Error bad yaml' });
  });

  test('is a failed subprocess when nothing is known of it', () => {
    expect(classifyDbtFailure([], [], ended)).toMatchObject({ code: 'SubprocessFailed', retryable: true });
  });
});

describe('a line of dbt', () => {
  test('says which node it is at', () => {
    const line = JSON.stringify({
      info: { level: 'info', msg: '2 of 78 OK' },
      data: { index: 2, total: 78, node_info: { node_name: 'sessions' } },
    });
    expect(parseDbtLine(line)).toEqual({
      ...{ level: 'info', message: '2 of 78 OK' },
      ...{ node: 'sessions', index: 2, total: 78 },
    });
  });

  test.each(['', 'Traceback (most recent call last):', '{', '{"info": 1}'])('%j is none', (line) => {
    expect(parseDbtLine(line)).toBeUndefined();
  });
});
