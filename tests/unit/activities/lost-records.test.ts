import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import {
  type Difference,
  landedAgainstRaw,
  recordName,
  seenFromLanding,
} from '../../../activities/lost-records.ts';
import { ClientError } from '../../../clients/errors.ts';
import type { LakeRow, LakeSession } from '../../../clients/lake-reader.ts';
import type { ObjectStore } from '../../../clients/object-store.ts';

const digest = (text: string): bigint => createHash('md5').update(text).digest().readBigUInt64BE(0);
const event = (id: string): string => `{"event_id":"${id}"}`;

/** A lake whose raw holds these records, and a landing area of one shard. */
function explain(raw: string[], landed?: string[]): Promise<Difference> {
  const counts = new Map<string, number>();
  for (const record of raw) counts.set(record, (counts.get(record) ?? 0) + 1);
  const session = {
    stream: async function* () {
      yield [...counts].map(([record, total]) => ({ digest: digest(record), total: BigInt(total) }));
    },
    rows: async (sql: string): Promise<LakeRow[]> =>
      [...counts.keys()]
        .filter((record) => sql.includes(String(digest(record))))
        .map((record) => ({ digest: digest(record), record_value: Buffer.from(record) })),
  } as unknown as LakeSession;
  const store = {
    getStream: async () => {
      if (!landed) throw new ClientError('ResourceMissing', 'no such object');
      return Readable.from([Buffer.from(`${landed.join('\n')}\n`)]);
    },
  } as unknown as ObjectStore;
  return landedAgainstRaw(session, store, ['shard-0000']);
}

describe('landedAgainstRaw', () => {
  it('names what was lost', async () => {
    expect((await explain([event('a')], [event('a'), event('b')])).lost).toEqual({
      sentences: ['1 landed records are not in raw.'],
      records: [{ finding: 'missing', type: 'unreadable', event_id: 'b' }],
    });
  });

  it('names what came twice, and leaves what was landed twice alone', async () => {
    const landed = [event('a'), event('b'), event('b')];
    expect((await explain([...landed, event('a')], landed)).extra).toEqual({
      sentences: ['1 records of raw were never landed, or not so often.'],
      records: [{ finding: 'extra', type: 'unreadable', event_id: 'a' }],
    });
  });

  it('finds nothing where nothing is wrong', async () => {
    const nothing = { sentences: [], records: [] };
    expect(await explain(['x', 'y'], ['y', 'x'])).toEqual({ lost: nothing, extra: nothing });
  });

  it('gives ten examples and the whole number', async () => {
    const landed = Array.from({ length: 25 }, (_, index) => event(`e${index}`));
    const { sentences, records } = (await explain([], landed)).lost;
    expect(sentences).toEqual(['25 landed records are not in raw.']);
    expect(records.map((record) => record.event_id)).toEqual(
      Array.from({ length: 10 }, (_, index) => `e${index}`),
    );
  });
});

describe('seenFromLanding', () => {
  it('misses what raw has and nobody landed, also when the object itself is gone', async () => {
    const named = (event_id: string, finding: string) => ({ finding, type: 'unreadable', event_id });
    expect(seenFromLanding(await explain([event('a')], [event('b')]))).toEqual([
      named('a', 'missing'),
      named('b', 'extra'),
    ]);
    expect(seenFromLanding(await explain([event('a')]))).toEqual([named('a', 'missing')]);
  });
});

describe('recordName', () => {
  it('takes the hash of bytes that name no event', () => {
    expect(recordName(Buffer.from('not json'))).toMatch(/^md5 [0-9a-f]{32}$/);
  });
});
