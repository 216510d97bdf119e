import { join } from 'node:path';
import { type Capability, TASK_QUEUES } from '../../contracts/task-queues.ts';
import type { Service, ServiceContext } from './service.ts';

/** kafkajs computes a negative delay after a slow answer; harmless, and not for the reader of a log. */
const QUIET = '--disable-warning=TimeoutNegativeWarning';

/** One process per task queue, so that each capability can be restarted and scaled by itself. */
export function workerServices(context: ServiceContext): Service[] {
  const { config, node } = context;
  return (Object.keys(TASK_QUEUES) as Capability[]).map((queue) => ({
    name: `worker-${queue}`,
    kind: 'server',
    needs: ['temporal', 'reprise-init'],
    command: [node, QUIET, join(config.paths.repository, 'workers', 'worker.ts'), '--queue', queue],
    cwd: config.paths.repository,
    env: instanceEnvironment(context),
    ready: { kind: 'log', text: 'worker ready' },
    // It lets activities end, then cancels them, then waits for their subprocesses.
    graceSeconds: 35,
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

/** Our own processes read their settings through config/, from these names and the instance's files. */
function instanceEnvironment({ config, overrides }: ServiceContext): Record<string, string> {
  return {
    ...overrides,
    REPRISE_INSTANCE: config.instance,
    REPRISE_PORT_BASE: String(config.portBase),
    NODE_COMPILE_CACHE: join(config.paths.tools, '..', 'compile-cache'),
  };
}
