import { Readable } from 'node:stream';
import { beforeEach, describe, expect, it } from 'vitest';
import { lostInLog } from '../../../activities/lost-in-log.ts';
import { RecordTally } from '../../../activities/records.ts';
import { keys } from '../../../contracts/lake.ts';
import type { Receipt } from '../../../contracts/steps.ts';
import { MemoryLog } from './memory-log.ts';

const window = '2026-01-05T08:00Z';
const AT = '2026-01-05T08:10:00Z';
const pulse = { signal: new AbortController().signal, note: () => undefined };
const record = (id: string, type: string): string => `{"event_id":"${id}","event_type":"${type}"}`;

const SHARDS = [
  [record('a', 'track_played'), record('b', 'track_played'), record('b', 'track_played')],
  [record('c', 'track_skipped'), record('d', 'track_liked'), '{"half'],
];

let log: MemoryLog;
let receipts: Receipt[];

/** Each shard lies in a partition of its own, behind a record of another window. */
beforeEach(() => {
  log = new MemoryLog(2);
  receipts = SHARDS.map((lines, shard) => {
    const tally = new RecordTally();
    log.publish(shard, AT, record(`other-${shard}`, 'track_played'));
    for (const line of lines) {
      log.publish(shard, AT, line);
      tally.take(Buffer.from(line));
    }
    return {
      ...{ window, shard, topic: 'events', ranges: [{ partition: shard, first: '1', last: '3' }] },
      ...{ records: tally.records, bytes: tally.bytes },
      ...{ content_hash: tally.contentHash, by_type: tally.byType },
    };
  });
});

const store = {
  getStream: async (key: string) => {
    const lines = SHARDS.find((_, shard) => key === keys.shard(window, shard)) ?? [];
    return Readable.from([Buffer.from(`${lines.join('\n')}\n`)]);
  },
};

const lost = (lows = [0n, 0n], highs = [4n, 4n]) =>
  lostInLog(
    {
      ...{ store, log },
      bounds: async () =>
        [0, 1].map((partition) => ({
          partition,
          low: lows[partition] ?? 0n,
          high: highs[partition] ?? 0n,
        })),
    },
    window,
    receipts,
    pulse,
  );

describe('what the topic lacks of a publication', () => {
  it('is nothing while it holds all of it, whatever lies between', async () => {
    expect(await lost()).toMatchObject({ hop: 'kafka', matches: true, observed: { total: 6 } });
  });

  it('is what it has let go of, by type and by name', async () => {
    const hop = await lost([0n, 3n]);
    expect(hop).toMatchObject({
      matches: false,
      expected: { total: 6 },
      observed: { total: 4, by: { track_played: 3, unreadable: 1 } },
      records: [
        { finding: 'missing', type: 'track_skipped', event_id: 'c' },
        { finding: 'missing', type: 'track_liked', event_id: 'd' },
      ],
    });
    expect(hop?.differences).toContain('kafka holds 0 records of track_liked, the ledger expects 1.');
  });

  it('is one of two that are the same', async () => {
    expect((await lost([0n, 0n], [3n, 4n]))?.records).toEqual([
      { finding: 'missing', type: 'track_played', event_id: 'b' },
    ]);
  });

  it('is all of it when the topic was made anew', async () => {
    expect(await lost([0n, 0n], [0n, 0n])).toMatchObject({ observed: { total: 0 }, matches: false });
  });

  it('of an hour that filled by itself has no names: nothing but the topic held them', async () => {
    for (const line of SHARDS[0] ?? []) log.append(0, AT, line);
    const [first] = receipts;
    receipts = [{ ...(first as Receipt), ranges: [{ partition: 0, first: '1', last: '6' }], source: 'live' }];
    expect(await lost([0n, 0n], [7n, 4n])).toMatchObject({ matches: true, observed: { total: 3 } });
    const hop = await lost([5n, 0n], [7n, 4n]);
    expect(hop).toMatchObject({ matches: false, observed: { total: 2, by: { track_played: 2 } } });
    expect(hop?.records).toBeUndefined();
  });
});
