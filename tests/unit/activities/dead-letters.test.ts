import { describe, expect, it } from 'vitest';
import { createDeadLetterActivities } from '../../../activities/dead-letters.ts';
import { RecordTally } from '../../../activities/records.ts';
import type { OutgoingRecord } from '../../../clients/kafka-publisher.ts';
import type { LakeReader, LakeRow } from '../../../clients/lake-reader.ts';
import type { LakeVersions } from '../../../contracts/steps.ts';
import { runActivity } from './run-activity.ts';

const window = '2026-01-05T08:00Z';
const values = ['{"listener_id":"l-1"', 'not json', '{"event_type":"none"}'];
const rows: LakeRow[] = values.map((value, index) => ({
  reason_code: 'malformed_json',
  reason: 'The bytes are not a JSON object in UTF-8.',
  kafka_topic: 'events',
  kafka_partition: 1,
  kafka_offset: BigInt(index),
  record_value: Buffer.from(value),
}));
const tally = new RecordTally();
for (const value of values) tally.take(Buffer.from(value));
const quarantined = { total: 3, content_hash: tally.contentHash };

function setup(found = rows) {
  const receipts = new Map<string, string>();
  const sent: OutgoingRecord[] = [];
  const ends: string[] = [];
  let opened = 0;
  const lake = {
    open: async () => {
      opened += 1;
      return {
        stream: async function* () {
          yield found;
        },
        close: () => undefined,
      };
    },
  } as unknown as LakeReader;
  const activities = createDeadLetterActivities({
    lake,
    receipts: { find: async (wanted) => new Map([...receipts].filter(([key]) => wanted.has(key))) },
    publisher: {
      release: async () => undefined,
      begin: async () => {
        let committed = false;
        return {
          add: (record) => {
            sent.push(record);
            return false;
          },
          flush: async () => undefined,
          settled: async () => [],
          commitWith: async (_topic, key, value) => {
            committed = true;
            receipts.set(key, value);
          },
          abort: async () => void ends.push(committed ? 'committed' : 'aborted'),
          close: async () => undefined,
        };
      },
    },
  });
  const forward = (set = quarantined) =>
    runActivity(activities.forwardDeadLetters, { window, tables: {} as LakeVersions, quarantined: set });
  return { forward, sent, ends, opened: () => opened };
}

describe('forwardDeadLetters', () => {
  it('sends every rejected record byte for byte, with why and whence', async () => {
    const { forward, sent } = setup();
    expect(await forward()).toMatchObject({ forwarded: 3, reused: false });
    expect(sent.map(({ value }) => value.toString())).toEqual(values);
    expect(sent[0]).toMatchObject({
      key: 'l-1',
      headers: { window, reason_code: 'malformed_json', source_partition: '1', source_offset: '0' },
    });
  });

  it('sends nothing a second time', async () => {
    const { forward, sent, opened } = setup();
    await forward();
    expect(await forward()).toMatchObject({ forwarded: 3, reused: true });
    expect(sent.length).toBe(3);
    expect(opened()).toBe(1);
  });

  it('does not even begin when nothing was rejected', async () => {
    const { forward, ends } = setup();
    expect(await forward({ total: 0, content_hash: '0000000000000000' })).toMatchObject({ forwarded: 0 });
    expect(ends).toEqual([]);
  });

  it('commits nothing when the quarantine is not what ingest reported', async () => {
    const { forward, ends } = setup(rows.slice(1));
    await expect(forward()).rejects.toMatchObject({ type: 'DataQualityFailed', nonRetryable: true });
    expect(ends).toEqual(['aborted']);
  });
});
