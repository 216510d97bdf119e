import { join } from 'node:path';
import { execa } from 'execa';

/** Kafka's own measuring producer, in the versions that the broker runs. */
export interface PeerRequest {
  /** Folder of Kafka's jars. */
  jars: string;
  brokers: readonly string[];
  topic: string;
  /** Records of this file are sent, drawn at random, so that the sizes are the same. */
  payload: string;
  records: number;
  signal: AbortSignal;
}

/**
 * Records a second of `ProducerPerformance`: acks=all, idempotent, no key, values alone. Its own clock: from the first
 * record to the last acknowledgement, its JVM started before.
 */
export async function producerPerformance(request: PeerRequest): Promise<number> {
  const { jars, brokers, topic, payload, records, signal } = request;
  const { stdout } = await execa(
    'java',
    [
      ...['-Xmx512m', '-XX:-UsePerfData', '-cp', join(jars, '*')],
      'org.apache.kafka.tools.ProducerPerformance',
      ...['--bootstrap-server', brokers.join(','), '--topic', topic],
      ...['--num-records', String(records), '--throughput', '-1', '--payload-file', payload],
      ...['--command-property', 'acks=all', 'enable.idempotence=true'],
    ],
    { cancelSignal: signal },
  );
  const found =
    /([\d.]+) records\/sec .*99\.9th\.?\s*$/m.exec(stdout) ?? /, ([\d.]+) records\/sec/.exec(stdout);
  if (!found?.[1])
    throw new Error(`ProducerPerformance said nothing that can be read: ${stdout.slice(-500)}`);
  return Number(found[1]);
}
