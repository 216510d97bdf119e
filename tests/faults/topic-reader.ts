import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer } from 'kafkajs';
import { createKafka } from '../../clients/kafka.ts';
import type { Config } from '../../config/config.ts';
import { EVENTS_TOPIC, HEADERS } from '../../contracts/topics.ts';
import { recordDigest } from './truth.ts';

/** A header of the records that a test puts between those of a window. */
export const FOREIGN_HEADER = 'of-a-test';

export interface SeenRecord {
  window: string;
  digest: string;
}

/** A reader of the topic from its beginning, of what is committed only. It goes on when the broker comes back. */
export class TopicReader {
  readonly #config: Config;
  /** By partition and offset: after a restart some are handed over again. */
  readonly #records = new Map<string, SeenRecord>();
  readonly #foreign: string[] = [];
  #consumer: Consumer | undefined;
  #stopped = false;
  #running: Promise<void> | undefined;

  constructor(config: Config) {
    this.#config = config;
  }

  start(): void {
    this.#running = this.#read();
  }

  async #read(): Promise<void> {
    while (!this.#stopped) {
      const kafka = createKafka({ brokers: this.#config.kafka.brokers, clientId: 'reprise-reader' });
      const consumer = kafka.consumer({
        groupId: `reprise-reader-${randomUUID()}`,
        readUncommitted: false,
        allowAutoTopicCreation: false,
        maxWaitTimeInMs: 200,
        // The loop around it starts another one; kafkajs would start this one again after its end.
        retry: { restartOnFailure: () => Promise.resolve(false) },
      });
      this.#consumer = consumer;
      const crashed = Promise.withResolvers<void>();
      consumer.on(consumer.events.CRASH, () => crashed.resolve());
      consumer.on(consumer.events.STOP, () => crashed.resolve());
      try {
        await consumer.connect();
        await consumer.subscribe({ topics: [EVENTS_TOPIC], fromBeginning: true });
        await consumer.run({
          autoCommit: false,
          eachBatch: async ({ batch }) => {
            for (const { offset, value, headers } of batch.messages) {
              const at = `${batch.partition}/${offset}`;
              if (headers?.[FOREIGN_HEADER] !== undefined) {
                this.#foreign.push(at);
                continue;
              }
              const window = String(headers?.[HEADERS.window] ?? '');
              this.#records.set(at, { window, digest: recordDigest(value ?? Buffer.alloc(0)) });
            }
          },
        });
        await crashed.promise;
      } catch {
        // The broker is away: that is what is being tested.
        await sleep(250);
      }
      await consumer.disconnect().catch(() => undefined);
    }
  }

  /** What it has seen of a window, by digest. */
  seenOf(window: string): Map<string, number> {
    const seen = new Map<string, number>();
    for (const record of this.#records.values())
      if (record.window === window) seen.set(record.digest, (seen.get(record.digest) ?? 0) + 1);
    return seen;
  }

  get records(): number {
    return this.#records.size;
  }

  /** `partition/offset` of the records that a test put there. */
  get foreign(): readonly string[] {
    return this.#foreign;
  }

  /** Offsets of a window's records, by partition. */
  rangesOf(window: string): Map<number, [bigint, bigint]> {
    const ranges = new Map<number, [bigint, bigint]>();
    for (const [at, record] of this.#records) {
      if (record.window !== window) continue;
      const slash = at.indexOf('/');
      const partition = Number(at.slice(0, slash));
      const offset = BigInt(at.slice(slash + 1));
      const [first, last] = ranges.get(partition) ?? [offset, offset];
      ranges.set(partition, [offset < first ? offset : first, offset > last ? offset : last]);
    }
    return ranges;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#consumer?.stop().catch(() => undefined);
    await this.#consumer?.disconnect().catch(() => undefined);
    await this.#running;
  }
}
