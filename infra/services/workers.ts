import { join } from 'node:path';
import { rulesFingerprint } from '../../config/code-fingerprints.ts';
import { type Capability, TASK_QUEUES } from '../../contracts/task-queues.ts';
import type { Service, ServiceContext } from './service.ts';

/** kafkajs computes a negative delay after a slow answer; harmless, and not for the reader of a log. */
const QUIET = '--disable-warning=TimeoutNegativeWarning';

/** The stream takes the batch that it is in, commits it, and closes its session. */
const LIVE_GRACE_SECONDS = 55;

/** One process per task queue, so that each capability can be restarted and scaled by itself. */
export function workerServices(context: ServiceContext): Service[] {
  const { config, node } = context;
  return (Object.keys(TASK_QUEUES) as Capability[]).map((queue) => ({
    name: `worker-${queue}`,
    kind: 'server',
    // What is needed is also ended later: what a worker finishes in its last seconds has somewhere to go.
    needs: ['temporal', 'reprise-init', 'kafka', 'minio'],
    command: [
      ...[node, QUIET, join(config.paths.repository, 'workers', 'worker.ts'), '--queue', queue],
      // Another command than before once a rule is mended: `reprise up` then starts the workers anew.
      ...(queue === 'control' ? ['--rules', rulesFingerprint()] : []),
    ],
    cwd: config.paths.repository,
    env: instanceEnvironment(context),
    ready: { kind: 'log', text: 'worker ready' },
    // It lets activities end, then cancels them, then waits for their subprocesses.
    graceSeconds: queue === 'live' ? LIVE_GRACE_SECONDS : 35,
  }));
}

/** Creates topics and the bucket; it may run any number of times. */
export function initService(context: ServiceContext): Service {
  const { config, node } = context;
  return {
    name: 'reprise-init',
    kind: 'job',
    needs: ['kafka', 'minio'],
    command: [node, QUIET, join(config.paths.repository, 'cli', 'main.ts'), 'init'],
    cwd: config.paths.repository,
    env: instanceEnvironment(context),
  };
}

const NOT_FOR_WORKERS = new Set(['AIRFLOW_USER', 'AIRFLOW_PASSWORD']);

/** The keys of the store are given to them, so that they need not open the file that holds all the others. */
function instanceEnvironment({ config, overrides }: ServiceContext): Record<string, string> {
  const settings = Object.entries(overrides).filter(([name]) => !NOT_FOR_WORKERS.has(name));
  return {
    ...Object.fromEntries(settings),
    REPRISE_INSTANCE: config.instance,
    REPRISE_PORT_BASE: String(config.portBase),
    S3_ACCESS_KEY: config.objectStore.accessKey,
    S3_SECRET_KEY: config.objectStore.secretKey,
    NODE_COMPILE_CACHE: join(config.paths.tools, '..', 'compile-cache'),
  };
}
