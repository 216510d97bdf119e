import kafkajs, { type Message } from 'kafkajs';
import { createKafka } from '../../clients/kafka.ts';
import type { Config } from '../../config/config.ts';
import { recordKey } from '../../contracts/classify.ts';
import { EVENTS_TOPIC, TOPICS } from '../../contracts/topics.ts';

const kafkaOf = ({ kafka }: Config) =>
  createKafka({ brokers: kafka.brokers, clientId: 'reprise-test-client' });

/** Below what the broker takes in one request. */
const REQUEST_BYTES = 900_000;

function* requests(messages: readonly Message[]): Generator<Message[]> {
  let one: Message[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = (message.value?.length ?? 0) + 200;
    if (one.length > 0 && bytes + size > REQUEST_BYTES) {
      yield one;
      [one, bytes] = [[], 0];
    }
    one.push(message);
    bytes += size;
  }
  if (one.length > 0) yield one;
}

/** As some client would send them: by listener where a record names one, without a transaction. */
export async function send(
  config: Config,
  values: readonly (Buffer | null)[],
  place: (index: number) => Partial<Message> = () => ({}),
): Promise<void> {
  const producer = kafkaOf(config).producer({ allowAutoTopicCreation: false });
  await producer.connect();
  try {
    const messages = values.map((value, index) => ({
      ...{ key: value === null ? null : recordKey(value.toString('latin1')), value },
      ...place(index),
    }));
    for (const request of requests(messages))
      await producer.send({ topic: EVENTS_TOPIC, messages: request, acks: -1 });
  } finally {
    await producer.disconnect();
  }
}

/**
 * From now on a record itself says when it arrived, so that no test waits for the end of an hour. What is there already is let
 * go of, as after a week: in a log that the broker stamps, nothing stands before what is older.
 */
export async function letRecordsSayWhen(config: Config): Promise<void> {
  const declared = TOPICS.find(({ name }) => name === EVENTS_TOPIC)?.config ?? {};
  const settings = { ...declared, 'message.timestamp.type': 'CreateTime' };
  const admin = kafkaOf(config).admin();
  await admin.connect();
  try {
    await admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: kafkajs.ConfigResourceTypes.TOPIC,
          name: EVENTS_TOPIC,
          configEntries: Object.entries(settings).map(([name, value]) => ({ name, value })),
        },
      ],
    });
    const ends = await admin.fetchTopicOffsets(EVENTS_TOPIC);
    await admin.deleteTopicRecords({
      topic: EVENTS_TOPIC,
      partitions: ends.map(({ partition, high }) => ({ partition, offset: high })),
    });
  } finally {
    await admin.disconnect();
  }
}
