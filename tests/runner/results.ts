import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Outcome } from './suite.ts';

const VitestResults = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number().default(0),
  numTodoTests: z.number().default(0),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().default(''),
      assertionResults: z.array(
        z.object({
          fullName: z.string(),
          status: z.string(),
          failureMessages: z.array(z.string()).nullable().default([]),
        }),
      ),
    }),
  ),
});

const MAX_PROBLEM_LINES = 14;
const firstLines = (text: string): string =>
  text
    .trim()
    .split('\n')
    // Frames inside packages say nothing about the test.
    .filter((line) => !/^\s+at .*(node_modules|node:internal)/.test(line))
    .slice(0, MAX_PROBLEM_LINES)
    .join('\n');

/** Counts and failures of vitest's JSON reporter. A file that could not be loaded counts as one failure. */
export function readVitest(file: string, repository: string): Outcome {
  const results = VitestResults.parse(JSON.parse(readFileSync(file, 'utf8')));
  const broken = results.testResults.filter(
    (one) => one.status === 'failed' && !one.assertionResults.some((test) => test.status === 'failed'),
  );
  const problems = results.testResults.flatMap((one) =>
    one.assertionResults
      .filter((test) => test.status === 'failed')
      .map((test) => `${one.name}\n${test.fullName}\n${firstLines((test.failureMessages ?? []).join('\n'))}`),
  );
  return {
    passed: results.numPassedTests,
    failed: results.numFailedTests + broken.length,
    skipped: results.numPendingTests + results.numTodoTests,
    problems: [...problems, ...broken.map((one) => `${one.name}\n${firstLines(one.message)}`.trim())].map(
      (problem) => problem.replaceAll(`${repository}/`, ''),
    ),
  };
}

const attribute = (tag: string, name: string): string => {
  const found = new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1] ?? '';
  return found
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#10;', '\n')
    .replaceAll('&amp;', '&');
};

/** Counts and failures of pytest's JUnit file. */
export function readJunit(file: string): Outcome {
  const xml = readFileSync(file, 'utf8');
  const totals = { tests: 0, failed: 0, skipped: 0 };
  for (const [tag] of xml.matchAll(/<testsuite\b[^>]*>/g)) {
    totals.tests += Number(attribute(tag, 'tests'));
    totals.failed += Number(attribute(tag, 'failures')) + Number(attribute(tag, 'errors'));
    totals.skipped += Number(attribute(tag, 'skipped'));
  }
  const problems: string[] = [];
  for (const [, test = '', body = ''] of xml.matchAll(/(<testcase\b[^>]*[^/])>(.*?)<\/testcase>/gs)) {
    const failure = /<(?:failure|error)\b[^>]*>/.exec(body)?.[0];
    if (failure)
      problems.push(
        `${attribute(test, 'classname')}::${attribute(test, 'name')}\n${firstLines(attribute(failure, 'message'))}`,
      );
  }
  return {
    passed: totals.tests - totals.failed - totals.skipped,
    failed: totals.failed,
    skipped: totals.skipped,
    problems,
  };
}
