import type { Message } from 'kafkajs';
import { createKafka } from '../../clients/kafka.ts';
import type { Config } from '../../config/config.ts';
import { EVENTS_TOPIC, HEADERS, MAX_MESSAGE_BYTES } from '../../contracts/topics.ts';
import type { WindowId } from '../../contracts/window.ts';
import { FOREIGN_HEADER } from './topic-reader.ts';

const ROUNDS = 20;
/** Its headers and the batch around it count too. */
const LARGEST = MAX_MESSAGE_BYTES - 2_048;

function foreignRecords(window: WindowId): Message[] {
  const mark = { [FOREIGN_HEADER]: '1' };
  const event = Buffer.from('{"event_id":"0","event_type":"track_played"}');
  return [
    { key: null, value: event, headers: mark },
    { key: 'x', value: null, headers: { ...mark, [HEADERS.window]: window } },
    { key: 'x', value: event, headers: { ...mark, [HEADERS.window]: window, [HEADERS.shard]: '0' } },
    {
      key: 'x',
      value: event,
      headers: {
        ...mark,
        [HEADERS.window]: window,
        [HEADERS.shard]: '0',
        [HEADERS.publication]: '0'.repeat(16),
      },
    },
    {
      key: 'x',
      value: event,
      headers: { ...mark, [HEADERS.window]: Buffer.from([0xff, 0xfe, 0]), [HEADERS.shard]: '-1' },
    },
  ];
}

/** Sends what belongs to nobody to every partition. @returns how many the broker took */
export async function sendPoison({ kafka: settings }: Config, window: WindowId): Promise<number> {
  const kafka = createKafka({ brokers: settings.brokers, clientId: 'reprise-poison' });
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  let sent = 0;
  try {
    const send = async (messages: Message[]): Promise<void> => {
      await producer.send({ topic: EVENTS_TOPIC, acks: 1, messages });
      sent += messages.length;
    };
    const refused = await producer
      .send({ topic: EVENTS_TOPIC, acks: 1, messages: [{ value: Buffer.alloc(MAX_MESSAGE_BYTES + 1) }] })
      .then(() => false)
      .catch(() => true);
    if (!refused) throw new Error('the broker took a record that is larger than it may be');
    // The largest that it takes, once: it alone fills a reader's fetch.
    await send([{ value: Buffer.alloc(LARGEST, 'x'), headers: { [FOREIGN_HEADER]: '1' }, partition: 0 }]);
    for (let round = 0; round < ROUNDS; round += 1)
      for (let partition = 0; partition < settings.partitions; partition += 1)
        await send(foreignRecords(window).map((message) => ({ ...message, partition })));
    return sent;
  } finally {
    await producer.disconnect();
  }
}
