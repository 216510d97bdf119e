import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readJunit, readVitest } from '../../runner/results.ts';
import { settle } from '../../runner/suite.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reprise-results-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const written = (text: string): string => {
  const file = join(folder, 'results');
  writeFileSync(file, text);
  return file;
};

describe('counts of a test reporter', () => {
  test('vitest: passed, failed and skipped, with the failure in words', () => {
    const test_ = (status: string, failureMessages: string[] = []) => ({
      fullName: `a ${status} test`,
      status,
      failureMessages,
    });
    const file = written(
      JSON.stringify({
        numPassedTests: 1,
        numFailedTests: 1,
        numPendingTests: 1,
        numTodoTests: 0,
        testResults: [
          {
            name: '/repo/tests/x.test.ts',
            status: 'failed',
            message: '',
            assertionResults: [
              test_('passed'),
              test_('skipped'),
              test_('failed', [
                'expected 1 to be 2\n    at /repo/node_modules/vitest/x.js:1:1\n    at x.test.ts:3:4',
              ]),
            ],
          },
        ],
      }),
    );
    expect(readVitest(file, '/repo')).toEqual({
      passed: 1,
      failed: 1,
      skipped: 1,
      problems: ['tests/x.test.ts\na failed test\nexpected 1 to be 2\n    at x.test.ts:3:4'],
    });
  });

  test('vitest: a file that does not load is a failure although no test failed', () => {
    const file = written(
      JSON.stringify({
        numPassedTests: 0,
        numFailedTests: 0,
        testResults: [
          { name: '/repo/x.test.ts', status: 'failed', message: 'no such module', assertionResults: [] },
        ],
      }),
    );
    expect(readVitest(file, '/repo')).toMatchObject({
      passed: 0,
      failed: 1,
      problems: ['x.test.ts\nno such module'],
    });
  });

  test('pytest: failures and errors both fail, skipped tests do not pass', () => {
    const file = written(
      `<?xml version="1.0"?><testsuites><testsuite name="pytest" errors="1" failures="1" skipped="1" tests="5">
        <testcase classname="tests.test_x" name="test_good" time="0.1" />
        <testcase classname="tests.test_x" name="test_bad" time="0.1"><failure message="assert 1 &lt; 0">trace</failure></testcase>
        <testcase classname="tests.test_x" name="test_broken" time="0.1"><error message="fixture">trace</error></testcase>
        <testcase classname="tests.test_x" name="test_later" time="0.1"><skipped message="no">x</skipped></testcase>
        <testcase classname="tests.test_x" name="test_fine" time="0.1" />
      </testsuite></testsuites>`,
    );
    expect(readJunit(file)).toEqual({
      passed: 2,
      failed: 2,
      skipped: 1,
      problems: ['tests.test_x::test_bad\nassert 1 < 0', 'tests.test_x::test_broken\nfixture'],
    });
  });

  test('a suite that ran nothing has failed', () => {
    expect(settle({ passed: 0, failed: 0, skipped: 3, problems: [] })).toMatchObject({
      passed: 0,
      failed: 1,
    });
    expect(settle({ passed: 1, failed: 0, skipped: 0, problems: [] })).toMatchObject({
      passed: 1,
      failed: 0,
    });
  });
});
