import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import type { TopicDeclaration } from '../contracts/topics.ts';
import { ClientError } from './errors.ts';
import { namedKafka } from './kafka-errors.ts';

export interface TopicChange {
  topic: string;
  did: 'created' | 'present' | 'changed';
  what: string[];
}

interface TopicDefaults {
  partitions: number;
  replication: number;
}

/** A broker on a busy machine may take this long to lead what it has just created. */
const LEADERS_MS = 30_000;

async function withAdmin<T>(kafka: Kafka, doing: string, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin();
  return namedKafka(doing, async () => {
    await admin.connect();
    try {
      return await work(admin);
    } finally {
      await admin.disconnect();
    }
  });
}

/**
 * Makes the topics what they are declared to be, and says what it changed. Partitions are only ever added: taking one
 * away would take records with it, and is refused by Kafka.
 */
export function applyTopics(
  kafka: Kafka,
  declarations: readonly TopicDeclaration[],
  defaults: TopicDefaults,
): Promise<TopicChange[]> {
  return withAdmin(kafka, 'apply topics', async (admin) => {
    const existing = new Set(await admin.listTopics());
    const changes: TopicChange[] = [];
    for (const declaration of declarations) {
      changes.push(
        existing.has(declaration.name)
          ? await alignTopic(admin, declaration, defaults)
          : await createTopic(admin, declaration, defaults),
      );
    }
    return changes;
  });
}

async function createTopic(
  admin: Admin,
  declaration: TopicDeclaration,
  defaults: TopicDefaults,
): Promise<TopicChange> {
  const created = await admin.createTopics({
    // kafkajs's own wait fails on a broker that has not heard of its new topic yet.
    waitForLeaders: false,
    topics: [
      {
        topic: declaration.name,
        numPartitions: declaration.partitions ?? defaults.partitions,
        replicationFactor: defaults.replication,
        configEntries: Object.entries(declaration.config).map(([name, value]) => ({ name, value })),
      },
    ],
  });
  await waitForLeaders(admin, declaration.name);
  return { topic: declaration.name, did: created ? 'created' : 'present', what: [] };
}

/** Until then a producer may still be told that the topic does not exist. */
async function waitForLeaders(admin: Admin, topic: string): Promise<void> {
  for (const deadline = Date.now() + LEADERS_MS; ; await sleep(250)) {
    try {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      const partitions = topics[0]?.partitions ?? [];
      if (partitions.length > 0 && partitions.every(({ leader }) => leader >= 0)) return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    if (Date.now() > deadline) throw new ClientError('Unavailable', `kafka: ${topic} has no leader yet`);
  }
}

async function alignTopic(
  admin: Admin,
  declaration: TopicDeclaration,
  defaults: TopicDefaults,
): Promise<TopicChange> {
  const what: string[] = [];
  const metadata = await admin.fetchTopicMetadata({ topics: [declaration.name] });
  const partitions = metadata.topics[0]?.partitions.length ?? 0;
  const wanted = declaration.partitions ?? defaults.partitions;
  if (wanted > partitions) {
    await admin.createPartitions({ topicPartitions: [{ topic: declaration.name, count: wanted }] });
    what.push(`partitions ${partitions} -> ${wanted}`);
  }
  const names = Object.keys(declaration.config);
  const described = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: declaration.name, configNames: names }],
  });
  const now = new Map(
    described.resources[0]?.configEntries.map((entry) => [entry.configName, entry.configValue]),
  );
  const differing = names.filter((name) => now.get(name) !== declaration.config[name]);
  if (differing.length > 0) {
    // The request replaces every setting of the topic: all that is declared goes along, not only what differs.
    await admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: kafkajs.ConfigResourceTypes.TOPIC,
          name: declaration.name,
          configEntries: Object.entries(declaration.config).map(([name, value]) => ({ name, value })),
        },
      ],
    });
    for (const name of differing) what.push(`${name} ${now.get(name)} -> ${declaration.config[name]}`);
  }
  return { topic: declaration.name, did: what.length > 0 ? 'changed' : 'present', what };
}

export interface PartitionBounds {
  partition: number;
  /** Oldest offset still in the log, and the offset after the newest. */
  low: bigint;
  high: bigint;
}

export function fetchBounds(kafka: Kafka, topic: string): Promise<PartitionBounds[]> {
  return withAdmin(kafka, `look up the offsets of ${topic}`, async (admin) =>
    (await admin.fetchTopicOffsets(topic)).map((one) => ({
      partition: one.partition,
      low: BigInt(one.low),
      high: BigInt(one.high),
    })),
  );
}
