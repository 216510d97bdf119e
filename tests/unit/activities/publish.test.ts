import { Readable } from 'node:stream';
import { MockActivityEnvironment } from '@temporalio/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { createPublishActivities, stillHeld } from '../../../activities/publish.ts';
import { RecordTally } from '../../../activities/records.ts';
import { ClientError } from '../../../clients/errors.ts';
import type { OutgoingRecord, Publication } from '../../../clients/kafka-publisher.ts';
import type { ObjectStore } from '../../../clients/object-store.ts';
import type { LandedShard, Receipt } from '../../../contracts/steps.ts';
import { keys } from '../../../contracts/lake.ts';
import { runActivity } from './run-activity.ts';
import { EVENTS_TOPIC, receiptKey } from '../../../contracts/topics.ts';

const window = '2026-01-05T08:00Z';
const lines = Array.from({ length: 25 }, (_, index) => `{"listener_id":"l-${index % 3}","n":${index}}`);

function landed(records: string[]): LandedShard {
  const tally = new RecordTally();
  for (const record of records) tally.take(Buffer.from(record));
  return {
    shard: 1,
    key: 'landing/shard',
    ledger_key: 'landing/ledger',
    bytes: tally.bytes,
    records: tally.records,
    content_hash: tally.contentHash,
  };
}

/** A broker with one partition, as far as publishing sees it. */
class FakeKafka {
  log: { record: OutgoingRecord; transaction: number }[] = [];
  committed = new Set<number>();
  receipts = new Map<string, string>();
  calls: string[] = [];
  failOnFlush: Error | undefined;
  low = 0n;
  private begun = 0;

  publisher = {
    release: async (): Promise<void> => void this.calls.push('release'),
    begin: async (): Promise<Publication> => {
      this.calls.push('begin');
      const transaction = ++this.begun;
      let pending: OutgoingRecord[] = [];
      let active = true;
      const offsets: number[] = [];
      return {
        add: (record) => {
          pending.push(record);
          return pending.length >= 10;
        },
        flush: async () => {
          if (this.failOnFlush && this.log.length >= 10) throw this.failOnFlush;
          for (const record of pending) {
            offsets.push(this.log.length);
            this.log.push({ record, transaction });
          }
          pending = [];
        },
        settled: async () => [{ partition: 0, first: String(offsets.at(0)), last: String(offsets.at(-1)) }],
        commitWith: async (_topic, key, value) => {
          this.calls.push('commit');
          active = false;
          this.committed.add(transaction);
          this.receipts.set(key, value);
        },
        abort: async () => {
          if (active) this.calls.push('abort');
          active = false;
        },
        close: async () => void this.calls.push('close'),
      };
    },
  };

  reader = {
    find: async (wanted: ReadonlySet<string>) => {
      this.calls.push('find');
      return new Map([...this.receipts].filter(([key]) => wanted.has(key)));
    },
  };

  /** What a read_committed reader sees in the range of a receipt. */
  readable(receipt: Receipt): string[] {
    const [range] = receipt.ranges;
    return this.log
      .slice(Number(range?.first), Number(range?.last) + 1)
      .filter(({ transaction }) => this.committed.has(transaction))
      .map(({ record }) => record.value.toString());
  }
}

describe('publishShard', () => {
  let kafka: FakeKafka;
  let stored: string[];
  let kept: [string, unknown][];
  beforeEach(() => {
    kept = [];
    kafka = new FakeKafka();
    stored = lines;
  });

  const activities = () =>
    createPublishActivities({
      store: {
        getStream: async () => Readable.from([Buffer.from(`${stored.join('\n')}\n`)]),
        putJson: async (key: string, value: unknown) => void kept.push([key, value]),
      } as unknown as ObjectStore,
      publisher: kafka.publisher,
      receipts: kafka.reader,
      bounds: async () => [{ partition: 0, low: kafka.low, high: BigInt(kafka.log.length) }],
    });
  const publish = (shard: LandedShard, environment = new MockActivityEnvironment()) =>
    runActivity(activities().publishShard, { window, shard }, environment);

  it('sends every record with its key and headers, and leaves a receipt', async () => {
    const shard = landed(lines);
    const { receipt, reused } = await publish(shard);
    expect(reused).toBe(false);
    expect(kafka.readable(receipt)).toEqual(lines);
    expect(receipt).toMatchObject({ records: 25, content_hash: shard.content_hash, topic: EVENTS_TOPIC });
    expect(kafka.log[4]?.record).toMatchObject({
      key: 'l-1',
      headers: { window, shard: '1', publication: shard.content_hash },
    });
    expect([...kafka.receipts.keys()]).toEqual([receiptKey(EVENTS_TOPIC, window, 1, shard.content_hash)]);
  });

  it('fences before it looks: what is found cannot change any more', async () => {
    await publish(landed(lines));
    expect(kafka.calls).toEqual(['begin', 'find', 'commit', 'close']);
  });

  it('sends nothing when the receipt is there', async () => {
    const first = await publish(landed(lines));
    const again = await publish(landed(lines));
    expect(again).toMatchObject({ reused: true, receipt: first.receipt });
    // The attempt that sent them may have died before it kept the receipt.
    expect(kept.length).toBe(2);
    expect(kept[1]).toEqual(kept[0]);
    expect(kept[0]).toEqual([keys.receipt(window, 1, again.receipt_digest ?? ''), first.receipt]);
    expect(kafka.log.length).toBe(25);
    expect(kafka.calls.slice(-3)).toEqual(['find', 'abort', 'close']);
  });

  it('publishes anew when retention has taken the records of the receipt', async () => {
    await publish(landed(lines));
    kafka.low = 3n;
    const again = await publish(landed(lines));
    expect(again.reused).toBe(false);
    expect(kafka.readable(again.receipt)).toEqual(lines);
  });

  it('publishes the same shard with other content under a receipt of its own', async () => {
    const first = await publish(landed(lines));
    stored = lines.slice(0, 12);
    const second = await publish(landed(stored));
    expect(second.reused).toBe(false);
    expect(kafka.receipts.size).toBe(2);
    expect(kafka.readable(first.receipt)).toEqual(lines);
    expect(kafka.readable(second.receipt)).toEqual(stored);
  });

  it('aborts what was half sent, and a retry doubles nothing', async () => {
    kafka.failOnFlush = new ClientError('Unavailable', 'the broker went away');
    await expect(publish(landed(lines))).rejects.toMatchObject({ type: 'Unavailable', nonRetryable: false });
    expect(kafka.calls).toContain('abort');
    expect(kafka.log.length).toBeGreaterThan(0);
    kafka.failOnFlush = undefined;
    const { receipt } = await publish(landed(lines));
    expect(kafka.readable(receipt)).toEqual(lines);
  });

  it('commits nothing when the landed object is not what was written', async () => {
    const shard = landed(lines);
    stored = lines.slice(1);
    await expect(publish(shard)).rejects.toMatchObject({ type: 'DataQualityFailed', nonRetryable: true });
    expect(kafka.calls.slice(-2)).toEqual(['abort', 'close']);
    expect(kafka.receipts.size).toBe(0);
  });

  it('aborts when it is cancelled', async () => {
    const environment = new MockActivityEnvironment();
    environment.cancel('CANCELLED');
    await expect(publish(landed(lines), environment)).rejects.toMatchObject({ name: 'CancelledFailure' });
    expect(kafka.calls.slice(-2)).toEqual(['abort', 'close']);
  });
});

describe('stillHeld', () => {
  const receipt = {
    ranges: [
      { partition: 0, first: '10', last: '19' },
      { partition: 2, first: '5', last: '5' },
    ],
  } as Receipt;
  const both = (low: bigint, high: bigint) => [
    { partition: 0, low, high },
    { partition: 2, low: 0n, high: 6n },
  ];
  it.each([
    ['all of it is there', both(10n, 20n), true],
    ['the beginning is gone', both(11n, 20n), false],
    ['the log ends before it', both(0n, 19n), false],
    ['a partition is gone', both(0n, 20n).slice(0, 1), false],
  ])('%s', (_, bounds, held) => expect(stillHeld(receipt, bounds)).toBe(held));
});
