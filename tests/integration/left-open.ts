import { ConfigResourceTypes, type Kafka } from 'kafkajs';

/** What kafkajs keeps to itself: the requests, one by one. */
interface Requests {
  initProducerId(of: object): Promise<{ producerId: string; producerEpoch: number }>;
  addPartitionsToTxn(of: object): Promise<unknown>;
  produce(of: object): Promise<unknown>;
  endTxn(of: object): Promise<unknown>;
}
interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  findGroupCoordinator(of: { groupId: string; coordinatorType: number }): Promise<Requests>;
}
const TRANSACTION_COORDINATOR = 1;

async function verifyPartitions(kafka: Kafka, verified: boolean): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  const { brokers } = await admin.describeCluster();
  await admin.alterConfigs({
    validateOnly: false,
    resources: brokers.map(({ nodeId }) => ({
      type: ConfigResourceTypes.BROKER,
      name: String(nodeId),
      configEntries: [{ name: 'transaction.partition.verification.enable', value: String(verified) }],
    })),
  });
  await admin.disconnect();
}

/**
 * Leaves records open in partitions though their transaction has ended: they are sent behind its end, as by a broker
 * that lets them through. What readers see is what a broker leaves behind that is killed before it writes the markers.
 * The cluster is to consist of one broker.
 */
export async function leaveOpen(
  kafka: Kafka,
  transactionalId: string,
  records: readonly { topic: string; partition: number; key: string; value: string }[],
): Promise<void> {
  const create = Object.getOwnPropertySymbols(kafka).find((one) => String(one).includes('createCluster'));
  if (create === undefined) throw new Error('this kafkajs has no createCluster');
  const cluster = (kafka as unknown as Record<symbol, (of: object) => Cluster>)[create]?.({}) as Cluster;
  await cluster.connect();
  await verifyPartitions(kafka, false);
  try {
    const of = { groupId: transactionalId, coordinatorType: TRANSACTION_COORDINATOR };
    const broker = await cluster.findGroupCoordinator(of);
    const { producerId, producerEpoch } = await broker.initProducerId({
      transactionalId,
      transactionTimeout: 60_000,
    });
    const producer = { transactionalId, producerId, producerEpoch };
    const send = (firstSequence: number): Promise<unknown>[] =>
      records.map(({ topic, partition, key, value }) => {
        const messages = [
          { key: Buffer.from(key), value: Buffer.from(value), timestamp: Date.now(), headers: {} },
        ];
        return broker.produce({
          ...producer,
          topicData: [{ topic, partitions: [{ partition, firstSequence, messages }] }],
        });
      });
    const topics = records.map(({ topic, partition }) => ({ topic, partitions: [partition] }));
    await broker.addPartitionsToTxn({ ...producer, topics });
    await Promise.all(send(0));
    await broker.endTxn({ ...producer, transactionResult: true });
    await Promise.all(send(1));
  } finally {
    await verifyPartitions(kafka, true);
    await cluster.disconnect();
  }
}
