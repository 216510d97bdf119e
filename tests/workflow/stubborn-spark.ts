import { writeFile } from 'node:fs/promises';
import { createSparkActivities } from '../../activities/spark.ts';
import type { ObjectStore } from '../../clients/object-store.ts';
import type { SparkSubmit } from '../../clients/spark-submit.ts';
import { runSubprocess } from '../../clients/subprocess.ts';
import type { CompactReport, CompactSpec } from '../../contracts/steps.ts';
import { TABLES, TABLES_HASH } from './fake-steps.ts';

/** A program and one that it has started; neither ends when it is asked to. Each says its id once it is so. */
const TREE = `
  process.on('SIGTERM', () => undefined);
  setInterval(() => undefined, 60_000);
  if (process.argv[1] !== 'started')
    require('node:child_process').spawn(process.execPath, ['-e', process.env.TREE, 'started'], { stdio: 'inherit' });
  console.log(process.pid);
`;
export const PROCESSES = 2;

/** In the place of Spark: never comes to an end by itself. */
export const stuck = (onProcess: (pid: number, folder: string) => void): SparkSubmit => ({
  run: async ({ localDir, signal, onProgress }) => {
    await runSubprocess({
      command: process.execPath,
      args: ['-e', TREE],
      cwd: localDir,
      env: { TREE },
      signal,
      timeLimitMs: 60_000,
      graceMs: 200,
      onLine: (line) => {
        onProgress({ pid: line });
        onProcess(Number(line), localDir);
      },
    });
  },
});

/** In the place of Spark: compacts a window that was compact already. */
export const atOnce = (onFolder: (folder: string) => void): SparkSubmit => ({
  run: async ({ specFile, localDir }) => {
    onFolder(localDir);
    const { default: spec } = (await import(specFile, { with: { type: 'json' } })) as {
      default: CompactSpec;
    };
    const report: CompactReport = {
      window: spec.window,
      tables: TABLES,
      rewritten: {},
      content_hash_before: TABLES_HASH,
      content_hash_after: TABLES_HASH,
      snapshots_expired: 0,
      seconds: {},
    };
    await writeFile(spec.report_file, JSON.stringify(report));
  },
});

/** The real activity around it: heartbeats, an own folder for each attempt, cancellation. */
export function compactWindow(scratch: string, submit: SparkSubmit) {
  const lake = {
    catalog: { name: 'lake', uri: 'jdbc:sqlite:none', warehouse: 's3://none/lake' },
    s3_endpoint: 'http://127.0.0.1:9',
    namespace: 'listening',
  };
  const store = {} as ObjectStore;
  return createSparkActivities({ store, submit, lake, brokers: [], scratch }).compactWindow;
}
