import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { FailureType } from '../contracts/failures.ts';
import { isLocked } from './duckdb-file.ts';
import { ClientError, systemCode } from './errors.ts';
import { subprocessFailed, type SubprocessResult } from './subprocess.ts';

const Result = z.object({
  unique_id: z.string(),
  status: z.string(),
  message: z.string().nullish(),
  failures: z.number().nullish(),
});
export type DbtResult = z.infer<typeof Result>;

/** dbt's `run_results.json`; undefined when the run did not get as far as to write it. */
export async function dbtResults(target: string): Promise<DbtResult[] | undefined> {
  try {
    const text = await readFile(join(target, 'run_results.json'), 'utf8');
    return z.object({ results: z.array(Result) }).parse(JSON.parse(text)).results;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

const Line = z.object({
  info: z.object({ level: z.string(), msg: z.string() }),
  data: z
    .object({
      index: z.number().optional(),
      total: z.number().optional(),
      node_info: z.object({ node_name: z.string().optional() }).optional(),
    })
    .optional(),
});

export interface DbtLine {
  level: string;
  message: string;
  node: string | undefined;
  index: number | undefined;
  total: number | undefined;
}

/** One line of `--log-format json`; undefined for anything else that the program prints. */
export function parseDbtLine(line: string): DbtLine | undefined {
  if (!line.startsWith('{')) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return undefined;
  }
  const parsed = Line.safeParse(json);
  if (!parsed.success) return undefined;
  const { info, data } = parsed.data;
  return {
    level: info.level,
    message: info.msg,
    node: data?.node_info?.node_name,
    index: data?.index,
    total: data?.total,
  };
}

/** First match decides. dbt wraps what the adapter says into its own words, so that only the text is left to judge. */
const CAUSES: readonly { pattern: RegExp; code: FailureType }[] = [
  { pattern: /rateLimitExceeded|quotaExceeded|Quota exceeded|Too many requests/i, code: 'RateLimited' },
  {
    pattern: /Access Denied|accessDenied|Forbidden|Permission denied|invalid_grant|DefaultCredentialsError/i,
    code: 'AccessDenied',
  },
  {
    pattern:
      /backendError|internalError|Service Unavailable|Connection (refused|reset|aborted)|Max retries exceeded|timed out|concurrent update|No space left|Out of Memory|IO Error/i,
    code: 'Unavailable',
  },
  {
    pattern:
      /(Compilation|Parsing|Parser|Binder|Catalog|Validation|Dbt ?Project|Profile) Error|Could not find profile/i,
    code: 'Misconfigured',
  },
];

const NAMES_SHOWN = 10;

/** What a build that ended badly means, with the names of the tests that failed. */
export function classifyDbtFailure(
  results: readonly DbtResult[],
  errors: readonly string[],
  ended: SubprocessResult,
): ClientError {
  const failed = results.filter(({ status }) => status === 'fail');
  if (failed.length > 0) {
    const named = failed.map(
      ({ unique_id: id, failures }) => `${id.split('.')[2] ?? id} (${failures ?? '?'} rows)`,
    );
    const rest = named.length > NAMES_SHOWN ? ` and ${named.length - NAMES_SHOWN} more` : '';
    return new ClientError(
      'DataQualityFailed',
      `dbt: ${failed.length} of the tests failed: ${named.slice(0, NAMES_SHOWN).join(', ')}${rest}; nothing was published`,
      { details: { failed_tests: named } },
    );
  }
  const broken = results.find(({ status }) => status === 'error');
  const text = broken?.message ?? errors.join('\n');
  const code = isLocked(text) ? 'Unavailable' : CAUSES.find(({ pattern }) => pattern.test(text))?.code;
  if (code === undefined) return subprocessFailed('dbt', ended, true);
  const where = broken ? `${broken.unique_id.split('.')[2] ?? broken.unique_id}: ` : '';
  return new ClientError(code, `dbt: ${where}${firstWords(text)}`, { details: { tail: ended.tail } });
}

function firstWords(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^(\[ERROR\]: )?Encountered an error:?$/.test(line));
  return lines.slice(0, 3).join(' ').slice(0, 500);
}
