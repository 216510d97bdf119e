import kafkajs, { type Message } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { kafkaError } from '../../../clients/kafka-errors.ts';
import { splitBySize } from '../../../clients/kafka-publisher.ts';

const protocol = (type: string, retriable = false) =>
  new kafkajs.KafkaJSProtocolError(Object.assign(new Error(type), { type, code: 1, retriable }));
const givenUp = (cause: Error) =>
  new kafkajs.KafkaJSNumberOfRetriesExceeded(cause, { retryCount: 6, retryTime: 100 });

describe('kafkaError', () => {
  it.each([
    [
      'retries that ran out on a lost leader',
      givenUp(protocol('NOT_LEADER_FOR_PARTITION', true)),
      'Unavailable',
      true,
    ],
    [
      'retries that ran out twice',
      givenUp(givenUp(protocol('NOT_ENOUGH_REPLICAS', true))),
      'Unavailable',
      true,
    ],
    ['a topic that is not there', protocol('UNKNOWN_TOPIC_OR_PARTITION'), 'ResourceMissing', false],
    ['a producer that was fenced', protocol('INVALID_PRODUCER_EPOCH'), 'Unavailable', true],
    ['a missing permission', protocol('TOPIC_AUTHORIZATION_FAILED'), 'AccessDenied', false],
    ['a record that is too large', protocol('MESSAGE_TOO_LARGE'), 'InvalidInput', false],
    ['a setting that the broker refuses', protocol('INVALID_CONFIG'), 'Misconfigured', false],
    ['no broker', new kafkajs.KafkaJSConnectionError('refused', {}), 'Unavailable', true],
    [
      'a broker that does not answer',
      new kafkajs.KafkaJSRequestTimeoutError('late', {} as never),
      'TimedOut',
      true,
    ],
  ])('%s', (_, error, code, retryable) => {
    expect(kafkaError('publish', error)).toMatchObject({ code, retryable });
  });

  it('names the broker that cannot be reached', () => {
    const refused = new kafkajs.KafkaJSConnectionError('refused', { broker: '127.0.0.1:9' });
    expect(kafkaError('apply topics', givenUp(refused)).message).toBe(
      'kafka: apply topics: no broker can be reached at 127.0.0.1:9',
    );
  });
});

describe('splitBySize', () => {
  const message = (partition: number, bytes: number): Message => ({
    partition,
    value: Buffer.alloc(bytes - 160),
  });

  it('keeps every partition of a request below the limit, in order, and loses nothing', () => {
    const messages = [400, 500, 300, 2_000, 200, 700].map((bytes, index) => message(index % 2, bytes));
    const requests = [...splitBySize(messages, 1_000)];
    expect(requests.flat()).toEqual(messages);
    for (const request of requests) {
      for (const partition of [0, 1]) {
        const sizes = request
          .filter((one) => one.partition === partition)
          .map((one) => (one.value?.length ?? 0) + 160);
        const total = sizes.reduce((sum, size) => sum + size, 0);
        expect(total <= 1_000 || sizes.length === 1).toBe(true);
      }
    }
  });

  it('sends nothing when there is nothing', () => {
    expect([...splitBySize([], 1_000)]).toEqual([]);
  });
});
