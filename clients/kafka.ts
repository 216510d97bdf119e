import kafkajs, { type Kafka } from 'kafkajs';

/**
 * kafkajs writes an ERROR line for every retry it survives (a coordinator that still loads, a leader that moves).
 * What it does not survive it also throws, and that is what is reported; the lines are kept for REPRISE_DEBUG only.
 */
const quiet =
  (debug: boolean) =>
  () =>
  ({ namespace, label, log }: { namespace: string; label: string; log: { message: string } }): void => {
    if (debug) process.stderr.write(`kafkajs ${label} ${namespace} ${log.message}\n`);
  };

export function createKafka(settings: { brokers: string[]; clientId: string; debug?: boolean }): Kafka {
  return new kafkajs.Kafka({
    clientId: settings.clientId,
    brokers: settings.brokers,
    connectionTimeout: 5_000,
    requestTimeout: 30_000,
    // Temporal owns the long retries: these only bridge a leader election or a coordinator that loads.
    retry: { initialRetryTime: 200, maxRetryTime: 2_000, retries: 6 },
    logLevel: kafkajs.logLevel.WARN,
    logCreator: quiet(settings.debug ?? false),
  });
}
