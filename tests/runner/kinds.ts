import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { venvProgram } from '../../config/paths.ts';
import { runProgram, tailOf } from './program.ts';
import { readJunit, readVitest } from './results.ts';
import type { Outcome, Suite, SuiteContext } from './suite.ts';

/** One command that is either right or wrong. */
export interface Check {
  title: string;
  program: string;
  args: readonly string[];
  cwd?: string;
}

const NONE: Outcome = { passed: 0, failed: 0, skipped: 0, problems: [] };

type Described = Omit<Suite, 'run'>;

/** Commands one after another, each counted as one test. */
export function checksSuite(described: Described, checks: (context: SuiteContext) => Check[]): Suite {
  return {
    ...described,
    async run(context) {
      const outcome = { ...NONE, problems: [] as string[] };
      for (const check of checks(context)) {
        const log = context.results(`${check.title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}.log`);
        const code = await runProgram({
          program: check.program,
          args: check.args,
          cwd: join(context.paths.repository, check.cwd ?? '.'),
          env: context.env,
          log,
          signal: context.signal,
        });
        if (code === 0) outcome.passed += 1;
        else {
          outcome.failed += 1;
          outcome.problems.push(`${check.title} (exit code ${code})\n${tailOf(log)}`);
        }
      }
      return outcome;
    },
  };
}

/** One project of vitest.config.ts. */
export function vitestSuite(described: Described, project: string = described.name): Suite {
  return {
    ...described,
    async run(context) {
      const results = context.results('json');
      const code = await runProgram({
        program: process.execPath,
        args: [
          join(context.paths.repository, 'node_modules', 'vitest', 'vitest.mjs'),
          ...['run', '--project', project, '--reporter=default', '--reporter=json'],
          `--outputFile.json=${results}`,
        ],
        cwd: context.paths.repository,
        env: { ...context.env, NO_COLOR: '1' },
        log: context.log,
        signal: context.signal,
      });
      const outcome = judged(code, results, context, (file) => readVitest(file, context.paths.repository));
      // The reporter's file does not say why a file's own set-up failed; its log does, at the end.
      const isSilent = outcome.problems.some((problem) => !problem.includes('\n'));
      return isSilent ? { ...outcome, problems: [...outcome.problems, tailOf(context.log, 40)] } : outcome;
    },
  };
}

/** The tests of one Python project, run inside it: from the root, `airflow/` would shadow the package. */
export function pytestSuite(described: Described, folder: string): Suite {
  return {
    ...described,
    async run(context) {
      const results = context.results('xml');
      const code = await runProgram({
        program: venvProgram(context.paths, folder, 'python'),
        args: ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', `--junitxml=${results}`],
        cwd: join(context.paths.repository, folder),
        env: context.env,
        log: context.log,
        signal: context.signal,
      });
      return judged(code, results, context, readJunit);
    },
  };
}

/** The reporter's counts, unless the program ended badly in a way that they do not show. */
function judged(
  code: number,
  results: string,
  context: SuiteContext,
  read: (file: string) => Outcome,
): Outcome {
  const outcome = existsSync(results) ? read(results) : NONE;
  if (code === 0 || outcome.failed > 0) return outcome;
  return {
    ...outcome,
    failed: 1,
    problems: [...outcome.problems, `ended with exit code ${code}\n${tailOf(context.log)}`],
  };
}
