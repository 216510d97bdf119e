import kafkajs, { type Kafka, type Message } from 'kafkajs';
import { ClientError } from './errors.ts';

export async function partitionCount(kafka: Kafka, topic: string): Promise<number> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const count = topics[0]?.partitions.length ?? 0;
    if (count === 0) throw new ClientError('ResourceMissing', `kafka: the topic ${topic} has no partitions`);
    return count;
  } finally {
    await admin.disconnect();
  }
}

/** The partition of a message by its key, as every Kafka client chooses it; one after the other without a key. */
export function partitionChooser(topic: string, partitions: number): (message: Message) => number {
  const choose = kafkajs.Partitioners.DefaultPartitioner();
  // The partitioner only counts them and looks for a leader when there is no key.
  const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
    partitionId,
    leader: 0,
    replicas: [],
    isr: [],
    partitionErrorCode: 0,
  }));
  return (message) => choose({ topic, partitionMetadata, message });
}
