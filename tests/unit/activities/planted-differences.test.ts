import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createReconcileActivities, type ReconcileInput } from '../../../activities/reconcile.ts';
import { RecordTally } from '../../../activities/records.ts';
import { ClientError } from '../../../clients/errors.ts';
import { sessionOn } from '../../../clients/lake-reader.ts';
import type { ObjectStore } from '../../../clients/object-store.ts';
import { classify } from '../../../contracts/classify.ts';
import type { HopReport } from '../../../contracts/hop-report.ts';
import type { Receipt } from '../../../contracts/steps.ts';
import { windowBounds } from '../../../contracts/window.ts';
import { type Emitted, emitWindow } from '../generator/recount.ts';
import { runActivity } from './run-activity.ts';

const window = '2026-01-05T08:00Z';
const rates = { duplicate: 0.05, malformed_json: 0.05, missing_field: 0.05, unknown_event_type: 0.02 };
const scratch = mkdtempSync(join(tmpdir(), 'reprise-planted-'));
const hashOf = (record: Buffer): bigint => {
  const tally = new RecordTally();
  tally.take(record);
  return BigInt.asIntN(64, BigInt(`0x${tally.contentHash}`));
};

let emitted: Emitted;
let connection: DuckDBConnection;
let input: ReconcileInput;
/** Of the landing area's only shard; undefined: somebody has removed it. */
let landing: Buffer | undefined;

beforeAll(async () => {
  emitted = await emitWindow({ window, events: 400, seed: 3, shards: 1, rates });
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

beforeEach(async () => {
  const { lines, ledger } = emitted;
  const tally = new RecordTally();
  for (const line of lines) tally.take(line);
  const { records: total, contentHash: content_hash, byType: by_type } = tally;
  connection = await lakeOf(lines);
  landing = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]));
  const receipt = { records: total, content_hash, by_type } as Receipt;
  input = {
    ...{ window, ledger, ingest: ledger, tables: {} as never },
    landed: { total, content_hash, by_type },
    receipts: [receipt],
  };
});

/** A window of a lake in plain tables, as ingest would have left it. */
async function lakeOf(lines: readonly Buffer[]): Promise<DuckDBConnection> {
  const lake = await (await DuckDBInstance.create(':memory:')).connect();
  await lake.run(`
    CREATE TABLE raw (kafka_topic VARCHAR, kafka_partition INT, kafka_offset BIGINT, record_value BLOB);
    CREATE TABLE events (kafka_partition INT, kafka_offset BIGINT, event_id VARCHAR, event_type VARCHAR, record_hash BIGINT);
    CREATE TABLE quarantine (kafka_partition INT, kafka_offset BIGINT, reason_code VARCHAR, event_type VARCHAR, record_value BLOB);
    CREATE TABLE minute_counts (events BIGINT)`);
  const end = Date.parse(windowBounds(window).end);
  const seen = new Set<string>();
  for (const [offset, line] of lines.entries()) {
    const blob = `from_hex('${line.toString('hex')}')`;
    await lake.run(`INSERT INTO raw VALUES ('t', 0, ${offset}, ${blob})`);
    const found = classify(line, end);
    if (!found.valid) {
      await lake.run(`INSERT INTO quarantine VALUES (0, ${offset}, '${found.reason_code}', NULL, ${blob})`);
      continue;
    }
    const { event_id: id, event_type: type } = found.event;
    if (seen.has(id))
      await lake.run(`INSERT INTO quarantine VALUES (0, ${offset}, 'duplicate_event', '${type}', ${blob})`);
    else await lake.run(`INSERT INTO events VALUES (0, ${offset}, '${id}', '${type}', ${hashOf(line)})`);
    seen.add(id);
  }
  await lake.run(`INSERT INTO minute_counts SELECT count(*) FROM events`);
  return lake;
}

async function reconcile(): Promise<HopReport[]> {
  const lake = {
    open: async () => sessionOn(connection, new AbortController().signal, () => undefined),
  };
  const store = {
    getStream: async () => {
      if (!landing) throw new ClientError('ResourceMissing', 'no such object');
      return Readable.from([landing]);
    },
  } as unknown as ObjectStore;
  const { reconcileWindow } = createReconcileActivities({ lake, store, scratch });
  return (await runActivity(reconcileWindow, input)).hops;
}

/** The hops that differ, with what is said of them. */
async function differing(): Promise<Record<string, HopReport>> {
  const failure = await reconcile().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ApplicationFailure);
  const { type, nonRetryable, details } = failure as ApplicationFailure;
  expect({ type, nonRetryable }).toEqual({ type: 'DataQualityFailed', nonRetryable: true });
  const { hops } = (details as [{ hops: HopReport[] }])[0];
  return Object.fromEntries(hops.filter(({ matches }) => !matches).map((hop) => [hop.hop, hop]));
}

/** Coordinates and id of the first event of that type. */
async function some(type: string): Promise<{ offset: number; id: string }> {
  const found = await connection.runAndReadAll(
    `SELECT kafka_offset, event_id FROM events WHERE event_type = '${type}' ORDER BY ALL LIMIT 1`,
  );
  const [[offset, id] = []] = found.getRows();
  return { offset: Number(offset), id: String(id) };
}
const typeOf = (offset: number): string =>
  /"event_type":"(track_played|track_skipped|track_liked|playlist_created|playlist_track_added)"/.exec(
    (emitted.lines[offset] as Buffer).toString('latin1'),
  )?.[1] ?? 'unreadable';

describe('a window of 400 records that balances', () => {
  it('has counts by type or reason and a hash at every hop', async () => {
    const hops = await reconcile();
    expect(hops.map(({ hop }) => hop)).toEqual([
      ...['landing', 'kafka', 'raw'],
      ...['events', 'quarantine', 'duplicates'],
    ]);
    for (const { observed } of hops) {
      expect(observed.total).toBeGreaterThan(10);
      const counted = Object.values(observed.by).reduce((sum, count) => sum + count, 0);
      expect(counted).toBe(observed.total);
      expect(observed.content_hash).toMatch(/^[0-9a-f]{16}$/);
    }
    expect(hops[2]?.observed.by).toMatchObject({
      track_played: expect.any(Number),
      unreadable: expect.any(Number),
    });
  });

  it('compares no types with a ledger that tells none', async () => {
    const { total, content_hash } = input.ledger.arrived;
    input = { ...input, ledger: { ...input.ledger, arrived: { total, content_hash } } };
    expect((await reconcile())[2]).toMatchObject({ matches: true, observed: { by: {} } });
  });
});

describe('a difference in raw', () => {
  it('is a record that was lost', async () => {
    const { offset, id } = await some('track_played');
    for (const table of ['raw', 'events'])
      await connection.run(`DELETE FROM ${table} WHERE kafka_offset = ${offset}`);
    const hops = await differing();
    expect(Object.keys(hops)).toEqual(['raw', 'events']);
    expect(hops.raw?.records).toEqual([{ finding: 'missing', type: 'track_played', event_id: id }]);
    expect(hops.raw?.differences.join(' ')).toContain('records of track_played');
    expect(hops.raw?.differences.at(-1)).toBe(`Missing in raw: ${id} (track_played).`);
  });

  it('is a record that came twice', async () => {
    const { id } = await some('track_liked');
    await connection.run(
      `INSERT INTO raw SELECT 't', 0, 9999, record_value FROM raw JOIN events USING (kafka_offset) WHERE event_id = '${id}'`,
    );
    const hops = await differing();
    expect(hops.raw?.records).toEqual([{ finding: 'extra', type: 'track_liked', event_id: id }]);
    // It stands nowhere else, and should have been set aside.
    expect(hops.raw?.differences.join(' ')).toContain(
      '1 records of raw stand neither in events nor in quarantine',
    );
    expect(Object.keys(hops)).toEqual(['raw']);
  });

  it('is a record with another byte, and one that has become another type', async () => {
    const { offset, id } = await some('track_played');
    const line = (emitted.lines[offset] as Buffer).toString('latin1');
    for (const [altered, type] of [
      [line.replace('"country":"', '"country":"x'), 'track_played'],
      [line.replace('track_played', 'track_skipped'), 'track_skipped'],
    ] as const) {
      const hex = Buffer.from(altered, 'latin1').toString('hex');
      await connection.run(`UPDATE raw SET record_value = from_hex('${hex}') WHERE kafka_offset = ${offset}`);
      const { raw } = await differing();
      expect(raw?.records).toEqual([
        { finding: 'missing', type: 'track_played', event_id: id },
        { finding: 'extra', type, event_id: id },
      ]);
    }
  });

  it('is nothing at all, when everything should be there', async () => {
    for (const table of ['raw', 'events', 'quarantine']) await connection.run(`DELETE FROM ${table}`);
    await connection.run('UPDATE minute_counts SET events = 0');
    const hops = await differing();
    expect(Object.keys(hops)).toEqual(['raw', 'events', 'quarantine', 'duplicates']);
    expect(hops.raw?.records).toHaveLength(10);
  });
});

describe('a difference in events', () => {
  it('is one that was lost', async () => {
    const { id } = await some('track_skipped');
    await connection.run(`DELETE FROM events WHERE event_id = '${id}'`);
    const { events } = await differing();
    expect(events?.records).toEqual([{ finding: 'missing', type: 'track_skipped', event_id: id }]);
  });

  it('is one that stands twice', async () => {
    const { id } = await some('track_skipped');
    await connection.run(`INSERT INTO events SELECT * FROM events WHERE event_id = '${id}'`);
    const { events } = await differing();
    expect(events?.records).toEqual([{ finding: 'extra', type: 'track_skipped', event_id: id }]);
    expect(events?.differences.join(' ')).toContain(`1 event ids stand more than once in events: ${id}.`);
  });

  it('is one that has another type, or another hash', async () => {
    const { id } = await some('track_skipped');
    await connection.run(`UPDATE events SET event_type = 'track_liked' WHERE event_id = '${id}'`);
    const { events } = await differing();
    expect(events?.records).toEqual([
      { finding: 'missing', type: 'track_skipped', event_id: id },
      { finding: 'extra', type: 'track_liked', event_id: id },
    ]);
    await connection.run(
      `UPDATE events SET event_type = 'track_skipped', record_hash = 7 WHERE event_id = '${id}'`,
    );
    expect((await differing()).events?.records?.map(({ event_id }) => event_id)).toEqual([id, id]);
  });

  it('is one that was taken for bad', async () => {
    const { id, offset } = await some('track_played');
    await connection.run(
      `INSERT INTO quarantine SELECT 0, ${offset}, 'wrong_type', 'track_played', record_value FROM raw WHERE kafka_offset = ${offset}`,
    );
    await connection.run(`DELETE FROM events WHERE event_id = '${id}'`);
    const { events, quarantine } = await differing();
    expect(events?.records).toEqual([{ finding: 'missing', type: 'track_played', event_id: id }]);
    expect(quarantine?.records).toEqual([{ finding: 'extra', type: 'wrong_type', event_id: id }]);
  });

  it('is many: ten of them are named', async () => {
    await connection.run(`DELETE FROM events WHERE event_type = 'track_played'`);
    const { events } = await differing();
    expect(events?.records).toHaveLength(10);
    expect(new Set(events?.records?.map(({ event_id: id }) => id)).size).toBe(10);
  });
});

describe.each(['quarantine', 'duplicates'] as const)('a difference in %s', (hop) => {
  const at = async (): Promise<number> => {
    const sign = hop === 'duplicates' ? '=' : '<>';
    const found = await connection.runAndReadAll(
      `SELECT min(kafka_offset) FROM quarantine WHERE reason_code ${sign} 'duplicate_event'`,
    );
    return Number(found.getRows()[0]?.[0]);
  };

  it('is one that was lost, twice there, or altered', async () => {
    const offset = await at();
    await connection.run(`CREATE TABLE before AS SELECT * FROM quarantine`);
    for (const [change, findings] of [
      [`DELETE FROM quarantine WHERE kafka_offset = ${offset}`, ['missing']],
      [`INSERT INTO quarantine SELECT * FROM before WHERE kafka_offset = ${offset}`, ['extra']],
      [
        `UPDATE quarantine SET record_value = '{}'::BLOB WHERE kafka_offset = ${offset}`,
        ['missing', 'extra'],
      ],
    ] as const) {
      await connection.run(`DELETE FROM quarantine; INSERT INTO quarantine SELECT * FROM before`);
      await connection.run(change);
      const found = (await differing())[hop];
      expect(found?.records?.map(({ finding }) => finding).sort()).toEqual([...findings].sort());
      if (hop === 'duplicates')
        for (const { type } of found?.records ?? []) expect(type).toBe(typeOf(offset));
    }
  });

  it('is one that counts under another name', async () => {
    const offset = await at();
    const column = hop === 'duplicates' ? 'event_type' : 'reason_code';
    await connection.run(`UPDATE quarantine SET ${column} = 'oversized' WHERE kafka_offset = ${offset}`);
    const hops = await differing();
    expect(Object.keys(hops)).toEqual([hop]);
    expect(hops[hop]?.records).toContainEqual(
      expect.objectContaining({ finding: 'extra', type: 'oversized' }),
    );
  });
});

describe('a difference before the lake', () => {
  it('is what was landed or published under another type', async () => {
    const by_type = { ...input.landed.by_type, track_liked: 0 };
    input = { ...input, landed: { ...input.landed, by_type } };
    expect((await differing()).landing?.differences[0]).toMatch(/^landing holds 0 records of track_liked/);
    const receipts = input.receipts.map((receipt) => ({ ...receipt, by_type }));
    input = { ...input, landed: input.ledger.arrived, receipts };
    expect(Object.keys(await differing())).toEqual(['kafka']);
  });

  it('is a window of nothing that was asked to be something', async () => {
    const { ledger } = await emitWindow({ window, events: 0, seed: 3, shards: 1 });
    connection = await lakeOf([]);
    const nothing = { total: 0, content_hash: '0000000000000000', by_type: {} };
    input = { ...input, ledger, ingest: ledger, landed: nothing, receipts: [] };
    await reconcile();
    input = { ...input, ledger: { ...ledger, events_requested: 400 } };
    expect((await differing()).landing?.differences).toEqual([
      '400 records an hour were asked for, and the ledger knows of none.',
    ]);
  });

  it('is told even when nobody can say any more which records it is', async () => {
    await connection.run('DELETE FROM raw WHERE kafka_offset = 0');
    landing = undefined;
    expect((await differing()).raw?.records).toBeUndefined();
  });
});
