import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { TASK_QUEUES } from '../../contracts/task-queues.ts';
import { fakeSteps } from './fake-steps.ts';
import { atOnce, compactWindow, stuck } from './stubborn-spark.ts';

/**
 * A worker of the Spark queue as a process of its own, so that it can be frozen: `spark-worker.ts ADDRESS SCRATCH stuck|works`.
 * Says on its output, one JSON a line, that it is ready, and what its attempts start.
 */
const [address = '', scratch = '', kind] = process.argv.slice(2);

const say = (what: object): void => void process.stdout.write(`${JSON.stringify(what)}\n`);

Runtime.install({ logger: new DefaultLogger('ERROR') });
const connection = await NativeConnection.connect({ address });
const submit =
  kind === 'stuck' ? stuck((pid, folder) => say({ pid, folder })) : atOnce((folder) => say({ folder }));
const worker = await Worker.create({
  connection,
  taskQueue: TASK_QUEUES.spark,
  activities: { ...fakeSteps().queues.spark, compactWindow: compactWindow(scratch, submit) },
  // As the real one. With another place free its open poll would be handed tasks also while it is frozen.
  maxConcurrentActivityTaskExecutions: 1,
  maxHeartbeatThrottleInterval: '100 milliseconds',
  defaultHeartbeatThrottleInterval: '100 milliseconds',
});
const running = worker.run();
say({ ready: true });
await running;
await connection.close();
