import { hostname } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  DefaultLogger,
  makeTelemetryFilterString,
  NativeConnection,
  Runtime,
  Worker,
} from '@temporalio/worker';
import { sweepScratch } from '../clients/scratch.ts';
import { type Config, loadConfig } from '../config/config.ts';
import { type Capability, TASK_QUEUES } from '../contracts/task-queues.ts';
import { workflowBundle } from './bundle.ts';
import { GATES_FOLDER, waitAtGate } from './gates.ts';
import type { QueueModule } from './queues/queue.ts';
import { watchForSleep } from './sleep-watch.ts';

const QUEUES: Record<Capability, () => Promise<QueueModule>> = {
  control: () => import('./queues/control.ts'),
  publish: () => import('./queues/publish.ts'),
  spark: () => import('./queues/spark.ts'),
  warehouse: () => import('./queues/warehouse.ts'),
  live: () => import('./queues/live.ts'),
};

/** How long activities may take to end by themselves once the process is told to stop; then they are cancelled. */
const GRACE = '10 seconds';
/** And how long cancelled ones may take: a subprocess gets ten seconds before it is killed. */
const FORCE = '30 seconds';

/**
 * After so long Temporal gives a workflow task up. A worker that was stopped for longer finds several tasks of the same
 * workflow when it goes on, all but the last of them void; once it then took an activity's end for one that it had seen,
 * and left a history that no worker can replay (SDK 1.24, found by `stop worker-control` of tests/faults): the window
 * stood still for good. A new process asks for the whole history.
 */
const WORKFLOW_TASK_LIMIT_MS = 10_000;

/** All queues but one carry activities only. */
const EXPECTED = /^No workflows registered/;

const say = (line: string): void => {
  process.stdout.write(`${new Date().toISOString()} ${line}\n`);
};

/** Waits for the server: at start-up it may still be on its way, and the order of starting must not matter. */
async function connect(config: Config): Promise<NativeConnection> {
  for (let waitMs = 250; ; waitMs = Math.min(waitMs * 2, 5_000)) {
    try {
      return await NativeConnection.connect({ address: config.temporal.address });
    } catch {
      say(`no Temporal server at ${config.temporal.address} yet`);
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
}

async function main(): Promise<void> {
  // Which rules it was started for shows in the process list; which it has loaded it finds out for itself.
  const { values } = parseArgs({ options: { queue: { type: 'string' }, rules: { type: 'string' } } });
  const capability = values.queue as Capability | undefined;
  if (!capability || !(capability in QUEUES)) {
    throw new Error(`say which queue to serve: --queue ${Object.keys(QUEUES).join('|')}`);
  }
  const config = loadConfig();
  Runtime.install({
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => {
      if (EXPECTED.test(message)) return;
      const error = meta?.error instanceof Error ? `: ${meta.error.message.split('\n')[0]}` : '';
      say(`${level} ${message}${error}`);
    }),
    // Through the same logger: the SDK's core would write lines of its own, with colours.
    telemetryOptions: { logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN' }) } },
    // SIGTERM is how a supervisor stops us; SIGINT is the terminal's.
    shutdownSignals: ['SIGTERM', 'SIGINT'],
  });
  const connection = await connect(config);
  await sweepScratch(config.paths.scratch);
  const { create } = await QUEUES[capability]();
  const queue = await create(config);
  const gates = join(config.paths.run, GATES_FOLDER);
  const worker = await Worker.create({
    connection,
    namespace: config.temporal.namespace,
    taskQueue: TASK_QUEUES[capability],
    identity: `${capability}@${hostname()}:${process.pid}`,
    activities: queue.activities,
    interceptors: { activity: [(context) => waitAtGate(gates, context)] },
    maxConcurrentActivityTaskExecutions: queue.concurrency,
    // A cancellation reaches an activity with the answer to its heartbeat: let beats through as they come.
    maxHeartbeatThrottleInterval: '2 seconds',
    defaultHeartbeatThrottleInterval: '2 seconds',
    shutdownGraceTime: queue.ends?.grace ?? GRACE,
    shutdownForceTime: queue.ends?.force ?? FORCE,
    ...(queue.workflows
      ? { workflowBundle: { codePath: await workflowBundle(config.paths) }, maxCachedWorkflows: 50 }
      : {}),
  });
  const running = worker.run();
  const endWatch = queue.workflows
    ? watchForSleep(WORKFLOW_TASK_LIMIT_MS, (sleptMs) => {
        say(`stood still for ${Math.round(sleptMs / 1000)} s: ends, to be started anew by its supervisor`);
        // At once: an orderly end waits for tasks that have long been somebody else's.
        process.exit(1);
      })
    : undefined;
  say(`worker ready: serves ${TASK_QUEUES[capability]}`);
  try {
    await running;
  } finally {
    endWatch?.();
    await connection.close();
  }
  say('stopped');
}

try {
  await main();
} catch (error) {
  say(`worker: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
