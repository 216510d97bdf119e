import { DuckDBInstance } from '@duckdb/node-api';
import { afterEach, describe, expect, it } from 'vitest';
import { readLakeAccount } from '../../../activities/lake-account.ts';
import { RecordTally } from '../../../activities/records.ts';
import { type LakeSession, sessionOn } from '../../../clients/lake-reader.ts';

const record = (id: string): string =>
  `{"event_type":"${id === 'a' ? 'track_liked' : 'track_played'}","event_id":"${id}"}`;
const hashOf = (...records: string[]): string => {
  const tally = new RecordTally();
  for (const one of records) tally.take(Buffer.from(one));
  return tally.contentHash;
};

const open: LakeSession[] = [];
afterEach(() => {
  for (const session of open.splice(0)) session.close();
});

/** A window of a lake in plain tables: offset -> what became of the record. */
interface Lake {
  raw: [offset: number, value: string | null][];
  events: [offset: number, eventId: string, eventType: string][];
  quarantine: [offset: number, reason: string, value: string][];
  minutes: number;
  /** The event whose record_hash is not that of its bytes. */
  misnoted?: string;
}

const noted = (id: string, lake: Lake): bigint =>
  BigInt.asIntN(64, BigInt(`0x${hashOf(record(id))}`)) + (lake.misnoted === id ? 1n : 0n);

async function account(lake: Lake) {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(`
    CREATE TABLE raw (kafka_topic VARCHAR, kafka_partition INT, kafka_offset BIGINT, record_value BLOB);
    CREATE TABLE events (kafka_partition INT, kafka_offset BIGINT, event_id VARCHAR, event_type VARCHAR, record_hash BIGINT);
    CREATE TABLE quarantine (kafka_partition INT, kafka_offset BIGINT, reason_code VARCHAR, event_type VARCHAR, record_value BLOB);
    CREATE TABLE minute_counts (events BIGINT);
    INSERT INTO minute_counts VALUES (${lake.minutes});`);
  const text = (value: string | null): string => (value === null ? 'NULL' : `'${value}'::BLOB`);
  for (const [offset, value] of lake.raw)
    await connection.run(`INSERT INTO raw VALUES ('t', 0, ${offset}, ${text(value)})`);
  for (const [offset, id, type] of lake.events)
    await connection.run(`INSERT INTO events VALUES (0, ${offset}, '${id}', '${type}', ${noted(id, lake)})`);
  for (const [offset, reason, value] of lake.quarantine)
    await connection.run(
      `INSERT INTO quarantine VALUES (0, ${offset}, '${reason}', 'track_liked', ${text(value)})`,
    );
  const session = sessionOn(connection, new AbortController().signal, () => connection.closeSync());
  open.push(session);
  return readLakeAccount(session);
}

const whole = (): Lake => ({
  raw: [
    [0, record('a')],
    [1, record('b')],
    [2, record('a')],
    [3, 'broken'],
  ],
  events: [
    [0, 'a', 'track_liked'],
    [1, 'b', 'track_played'],
  ],
  quarantine: [
    [2, 'duplicate_event', record('a')],
    [3, 'malformed_json', 'broken'],
  ],
  minutes: 2,
});

describe('readLakeAccount', () => {
  it('counts and hashes every table from the bytes', async () => {
    expect(await account(whole())).toEqual({
      raw: {
        total: 4,
        content_hash: hashOf(record('a'), record('b'), record('a'), 'broken'),
        by: { track_liked: 2, track_played: 1, unreadable: 1 },
      },
      events: {
        total: 2,
        content_hash: hashOf(record('a'), record('b')),
        by: { track_liked: 1, track_played: 1 },
      },
      quarantine: { total: 1, content_hash: hashOf('broken'), by: { malformed_json: 1 } },
      duplicates: { total: 1, content_hash: hashOf(record('a')), by: { track_liked: 1 } },
      findings: { raw: [], events: [] },
    });
  });

  it('names the record that was dropped on the way', async () => {
    const lake = whole();
    lake.events.pop();
    lake.minutes = 1;
    expect((await account(lake)).findings).toEqual({
      raw: ['1 records of raw stand neither in events nor in quarantine, such as b.'],
      events: [],
    });
  });

  it('does not take the noted hash of an event for that of its bytes', async () => {
    expect((await account({ ...whole(), misnoted: 'b' })).findings.events).toEqual([
      '1 events have another record_hash than their bytes.',
    ]);
  });

  it('names the event that stands twice', async () => {
    const lake = whole();
    lake.events.push([2, 'a', 'track_liked']);
    const { findings, events } = await account(lake);
    expect(events.total).toBe(3);
    expect(findings.events).toEqual([
      '1 event ids stand more than once in events: a.',
      'The minute counts add up to 2 events, events holds 3.',
    ]);
  });

  it('sees an event whose bytes never arrived', async () => {
    const lake = whole();
    lake.raw.splice(1, 1);
    const { raw, events } = await account(lake);
    expect(raw.total).toBe(3);
    expect(events).toMatchObject({ total: 2, content_hash: hashOf(record('a')) });
  });

  it('takes a record without a value for one of no bytes', async () => {
    const lake: Lake = { raw: [[0, null]], events: [], quarantine: [[0, 'malformed_json', '']], minutes: 0 };
    const { raw, quarantine } = await account(lake);
    expect(raw.content_hash).toBe(hashOf(''));
    expect(quarantine.content_hash).toBe(raw.content_hash);
  });

  it('reads an empty window', async () => {
    const { raw, events, findings } = await account({ raw: [], events: [], quarantine: [], minutes: 0 });
    expect([raw, events]).toEqual([
      { total: 0, content_hash: '0000000000000000', by: {} },
      { total: 0, content_hash: '0000000000000000', by: {} },
    ]);
    expect(findings).toEqual({ raw: [], events: [] });
  });
});
