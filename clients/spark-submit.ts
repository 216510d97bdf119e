import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FAILURES, type FailureType } from '../contracts/failures.ts';
import { ClientError } from './errors.ts';
import { runSubprocess, subprocessFailed } from './subprocess.ts';

export interface SparkSettings {
  /** The Python environment that holds pyspark. */
  venvBin: string;
  /** Folder of the Spark project: its `jobs/` and `conf/`. */
  project: string;
  /** Folder of the connectors' jars. */
  jars: string;
  master: string;
  driverMemory: string;
  accessKey: string;
  secretKey: string;
  region: string;
  /** PATH, HOME and the like, as the worker has them. */
  inherited: Record<string, string>;
}

export interface SparkJob {
  job: string;
  specFile: string;
  /** Where Spark spills. */
  localDir: string;
  signal: AbortSignal;
  onProgress: (progress: Record<string, unknown>) => void;
  timeLimitMs?: number;
  /**
   * It runs until it is told to end, and one at a time under this lock. When we die it is killed at once: what it has not
   * committed the next one does again, and must not do beside it.
   */
  resident?: { lockFile: string };
}

export interface SparkSubmit {
  /**
   * Runs a job to its end.
   * @throws ClientError with the code that the job names itself, else SubprocessFailed
   */
  run(job: SparkJob): Promise<void>;
}

/** The step's own time limit ends a job earlier; this one is for a worker that has lost its server. */
const TIME_LIMIT_MS = 4 * 3_600_000;

/** What the jobs mean by their exit codes (sysexits.h), when they could not say it in words. */
const EXIT_CODES: Record<number, FailureType> = {
  // Python's own: the job's file is not there, or its arguments are wrong.
  2: 'Misconfigured',
  65: 'DataQualityFailed',
  66: 'ResourceMissing',
  75: 'Unavailable',
  78: 'Misconfigured',
};

/** A line `<word> {json}` of the job's protocol, or undefined for anything else. */
export function parseJobLine(word: 'progress' | 'error', line: string): Record<string, unknown> | undefined {
  if (!line.startsWith(`${word} {`)) return undefined;
  try {
    return JSON.parse(line.slice(word.length + 1)) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function isFailureType(code: unknown): code is FailureType {
  return typeof code === 'string' && code in FAILURES;
}

/** The jars on the driver's class path when everything runs in it (nothing is copied); else sent to the executors. */
async function jarArguments(settings: SparkSettings): Promise<string[]> {
  if (settings.master.startsWith('local')) return ['--driver-class-path', join(settings.jars, '*')];
  const jars = (await readdir(settings.jars)).filter((name) => name.endsWith('.jar'));
  return ['--jars', jars.map((name) => join(settings.jars, name)).join(',')];
}

/** How far a job was is told elsewhere; a person wants to know what it complained of. */
const withoutProgress = (tail: string): string =>
  tail
    .split('\n')
    .filter((line) => !line.startsWith('progress {'))
    .join('\n');

export function createSparkSubmit(settings: SparkSettings): SparkSubmit {
  return {
    async run(job) {
      let said: { code: FailureType; message: string } | undefined;
      const result = await runSubprocess({
        command: join(settings.venvBin, 'spark-submit'),
        args: [
          ...['--master', settings.master, '--driver-memory', settings.driverMemory],
          ...[
            '--properties-file',
            join('conf', job.resident ? 'stream-defaults.conf' : 'spark-defaults.conf'),
          ],
          ...(await jarArguments(settings)),
          join('jobs', `${job.job}.py`),
          ...['--spec', job.specFile],
        ],
        cwd: settings.project,
        env: {
          ...settings.inherited,
          PYSPARK_PYTHON: join(settings.venvBin, 'python'),
          AWS_ACCESS_KEY_ID: settings.accessKey,
          AWS_SECRET_ACCESS_KEY: settings.secretKey,
          AWS_REGION: settings.region,
          // Without it the S3 client asks a cloud's metadata address first, and waits for an answer.
          AWS_EC2_METADATA_DISABLED: 'true',
          SPARK_LOCAL_DIRS: job.localDir,
          SPARK_LOCAL_IP: '127.0.0.1',
        },
        signal: job.signal,
        ...(job.resident
          ? { lockFile: job.resident.lockFile, onOurDeath: 'KILL' as const }
          : { timeLimitMs: job.timeLimitMs ?? TIME_LIMIT_MS }),
        onLine: (line) => {
          const progress = parseJobLine('progress', line);
          if (progress) job.onProgress(progress);
          const error = parseJobLine('error', line);
          if (error && isFailureType(error.code)) said = { code: error.code, message: String(error.message) };
        },
      });
      if (result.exitCode === 0 && !result.signal) return;
      const details = { exit_code: result.exitCode, tail: result.tail };
      if (said) throw new ClientError(said.code, `${job.job}: ${said.message}`, { details });
      const code = EXIT_CODES[result.exitCode];
      if (code)
        throw new ClientError(code, subprocessFailed(`spark ${job.job}`, result, false).message, { details });
      // An exit that the job did not foresee (a killed JVM, a full disk) deserves the attempts that the step has.
      throw subprocessFailed(`spark ${job.job}`, { ...result, tail: withoutProgress(result.tail) }, true);
    },
  };
}
