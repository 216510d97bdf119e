import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createAmendActivities, judge, readAmendment } from '../../../activities/amend-ledger.ts';
import type { Rules } from '../../../activities/judge-window.ts';
import { RecordTally } from '../../../activities/records.ts';
import { type LakeReader, sessionOn } from '../../../clients/lake-reader.ts';
import { amendedLedger, movedRecords } from '../../../contracts/amendment.ts';
import { classify } from '../../../contracts/classify.ts';
import { combineContentHashes, EMPTY_CONTENT_HASH } from '../../../contracts/content-hash.ts';
import type { ListeningEvent } from '../../../contracts/events.ts';
import { keys } from '../../../contracts/lake.ts';
import { Ledger } from '../../../contracts/ledger.ts';
import { generateShard } from '../../../generator/generate.ts';
import { memoryStore } from '../../workflow/memory-store.ts';
import { runActivity } from './run-activity.ts';

const window = '2026-01-05T08:00Z';
const request = { window, events: 4_000, seed: 7, shards: 1, volume_shape: 'flat' } as const;
const END = Date.parse('2026-01-05T09:00Z');
const working = { signal: new AbortController().signal, note: () => undefined };

/** Another platform may send what this one does not know yet: of all wrong values, that of a device is let through. */
const mended: Rules = (bytes, endMs) => {
  const found = classify(bytes, endMs);
  if (found.valid || found.reason_code !== 'invalid_value' || found.field !== 'device') return found;
  const event = JSON.parse(Buffer.from(bytes).toString('utf8')) as ListeningEvent;
  return classify(Buffer.from(JSON.stringify({ ...event, device: 'mobile' })), endMs).valid
    ? { valid: true, event }
    : found;
};

/** A lake whose `raw` holds these records, in their order, and whose quarantine what those rules reject of them. */
function lakeOf(records: readonly Buffer[], rules: Rules = classify): LakeReader {
  return {
    async open(_window, _tables, signal) {
      const connection = await (await DuckDBInstance.create(':memory:')).connect();
      await connection.run('CREATE TABLE raw (kafka_partition INT, kafka_offset BIGINT, record_value BLOB)');
      await connection.run('CREATE TABLE quarantine (reason_code VARCHAR, record_value BLOB)');
      const rows = await connection.createAppender('raw');
      const rejected = await connection.createAppender('quarantine');
      for (const [offset, record] of records.entries()) {
        rows.appendInteger(offset % 3);
        rows.appendBigInt(BigInt(offset));
        rows.appendBlob(record);
        rows.endRow();
        const found = rules(record, END);
        if (found.valid) continue;
        rejected.appendVarchar(found.reason_code);
        rejected.appendBlob(record);
        rejected.endRow();
      }
      rows.closeSync();
      rejected.closeSync();
      return sessionOn(connection, signal, () => connection.closeSync());
    },
  };
}

describe('a window that is judged anew', () => {
  let scratch: string;
  let records: Buffer[];
  let ledger: Ledger;
  let store: ReturnType<typeof memoryStore>;

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'judge-'));
    records = [];
    const written = await generateShard({ ...request, shard: 0, rates: { invalid_value: 0.02 } }, (lines) => {
      const text = Buffer.from(lines);
      for (let from = 0; from < text.length; ) {
        const end = text.indexOf(0x0a, from);
        records.push(text.subarray(from, end));
        from = end + 1;
      }
    });
    ledger = Ledger.parse(written.ledger);
  });
  afterAll(() => rm(scratch, { recursive: true }));

  beforeEach(async () => {
    store = memoryStore();
    await store.putJson(keys.ledger(window), ledger);
    await store.putJson('m.json', { list: 's3://bucket/snap-1-a.avro' });
    await store.putJson('snap-1-a.avro', {});
    const version = { metadata_location: 's3://bucket/m.json', snapshot_id: '1' };
    const tables = { raw: version, events: version, quarantine: version, minute_counts: version };
    await store.putJson(keys.keptStep(window, 'ingest'), {
      ...{ version: 1, step: 'ingest', request, workflow: { workflow_id: 'w', run_id: 'r' } },
      ...{ completed_at: '2026-02-01T00:00:00.000Z', result: { account: ledger, tables } },
    });
  });

  const deps = (rules?: Rules, held = records) => ({
    ...{ store, lake: lakeOf(held), scratch },
    ...(rules ? { rules } : {}),
  });
  const amend = (rules: Rules, runId = 'run-1') =>
    runActivity(
      createAmendActivities(deps(rules)).amendLedger,
      { window, order: { by: 'me', why: 'devices are mended' } },
      new MockActivityEnvironment({ workflowExecution: { workflowId: 'w', runId } }),
    );
  const now = async (): Promise<Ledger> => amendedLedger(ledger, await readAmendment(store, window));

  test('by the rules by which it was planted, is what its ledger says, to the byte', async () => {
    const { account, moved } = await judge(deps(), window, working);
    expect(moved).toEqual([]);
    expect(account.valid).toEqual(ledger.valid);
    expect(account.quarantined).toEqual(ledger.quarantined);
    expect(account.duplicates).toEqual(ledger.duplicates);
    expect(ledger.quarantined.by_reason.invalid_value).toBeGreaterThan(0);
  });

  test('names the reasons of which records change sides, also when as many do in both directions', async () => {
    expect((await judge(deps(classify), window, working)).reasons).toEqual([]);
    expect((await judge(deps(mended), window, working)).reasons).toEqual(['invalid_value']);
    const judged = records.map((record) => [record.toString('hex'), classify(record, END)] as const);
    const wrong = judged.find(([, found]) => !found.valid && found.reason_code === 'invalid_value')?.[0];
    const [right, valid] = judged.find(([, found]) => found.valid) ?? [];
    const swapped: Rules = (bytes, endMs) => {
      const name = Buffer.from(bytes).toString('hex');
      if (name === right)
        return { valid: false, reason_code: 'invalid_value', reason: 'no more' } as ReturnType<Rules>;
      return name === wrong && valid ? valid : classify(bytes, endMs);
    };
    const { ledger: before, account, reasons } = await judge(deps(swapped), window, working);
    expect(account.quarantined.by_reason).toEqual(before.quarantined.by_reason);
    expect(reasons).toEqual(['invalid_value']);
  });

  test('when the lake holds something else than the ledger says, any reason may be concerned', async () => {
    const other = { ...deps(mended), lake: lakeOf(records, mended) };
    const { reasons } = await judge(other, window, working);
    expect(reasons).toEqual(Object.keys(ledger.quarantined.by_reason).sort());
    expect(reasons.length).toBeGreaterThan(1);
  });

  test('by mended rules, moves records from the quarantine, and the ledger still balances', async () => {
    const { moved } = await amend(mended);
    expect(moved.join(' ')).toMatch(/\d+ records? fewer quarantined as invalid_value/);
    const after = await now();
    expect(after.arrived).toEqual(ledger.arrived);
    expect(after.valid.total).toBeGreaterThan(ledger.valid.total);
    const parts = [after.valid, after.quarantined, after.duplicates];
    expect(parts.reduce((sum, part) => sum + part.total, 0)).toBe(ledger.arrived.total);
    expect(combineContentHashes(parts.map((part) => part.content_hash))).toBe(ledger.arrived.content_hash);
    // By another way: each record by itself.
    const rejected = new RecordTally();
    for (const record of records) if (!mended(record, END).valid) rejected.take(record);
    expect(after.quarantined).toMatchObject({ total: rejected.records, content_hash: rejected.contentHash });
  });

  test('is amended once, by whom and why, however often it is tried; and back when the rule is', async () => {
    const { moved } = await amend(mended);
    expect(await amend(mended)).toEqual({ moved });
    expect(await amend(mended, 'run-2')).toEqual({ moved: [] });
    expect((await readAmendment(store, window))?.entries).toMatchObject([
      { by: 'me', why: 'devices are mended', run_id: 'run-1', moved },
    ]);
    expect((await amend(classify, 'run-3')).moved.join(' ')).toContain('more quarantined as invalid_value');
    expect(await now()).toEqual(ledger);
    expect((await readAmendment(store, window))?.entries).toHaveLength(2);
  });

  test('does not count for other records than those that it is about', async () => {
    await amend(mended);
    const amendment = await readAmendment(store, window);
    const other = { ...ledger, arrived: { ...ledger.arrived, content_hash: EMPTY_CONTENT_HASH } };
    expect(amendedLedger(other, amendment)).toBe(other);
  });

  test('when raw has lost a record, is not amended', async () => {
    const judging = judge(deps(mended, records.slice(1)), window, working);
    await expect(judging).rejects.toThrow(/raw does not hold what arrived .*3999 records, not 4000/);
  });

  test.each([
    [
      'nothing is kept',
      (): void => void store.objects.delete(keys.keptStep(window, 'ingest')),
      'from ingest first',
    ],
    ['its snapshot is gone', (): void => void store.objects.delete('snap-1-a.avro'), 'from ingest first'],
  ])('says what to do first when %s', async (_, spoil, said) => {
    spoil();
    await expect(judge(deps(mended), window, working)).rejects.toThrow(said);
  });

  test('of records with one id that become valid the first stands, the others are duplicates', async () => {
    const valid = records.map((record) => classify(record, END)).find((one) => one.valid);
    if (!valid?.valid) throw new Error('no record is valid');
    const bytes = (changes: object): Buffer => Buffer.from(JSON.stringify({ ...valid.event, ...changes }));
    // In one partition, by offset: strange device, known device, strange device.
    const held = [
      bytes({ device: 'toaster' }),
      Buffer.from('-'),
      Buffer.from('='),
      bytes({ device: 'mobile' }),
    ];
    held.push(Buffer.from('+'), Buffer.from('*'), bytes({ device: 'lamp' }));
    const hashed = (...those: Buffer[]): string => {
      const tally = new RecordTally();
      for (const one of those) tally.take(one);
      return tally.contentHash;
    };
    await store.putJson(keys.ledger(window), {
      ...ledger,
      arrived: { total: held.length, content_hash: hashed(...held) },
    });
    const { account } = await judge(deps(mended, held), window, working);
    expect(account.valid).toMatchObject({ total: 1, content_hash: hashed(held[0] as Buffer) });
    expect(account.duplicates).toEqual({
      total: 2,
      by_type: { [valid.event.event_type]: 2 },
      content_hash: hashed(held[3] as Buffer, held[6] as Buffer),
    });
    expect(account.quarantined).toMatchObject({ total: 4, by_reason: { malformed_json: 4 } });
  });
});

test('as many records but other ones are a change too', () => {
  const set = (content_hash: string) => ({ total: 1, content_hash });
  const [a, b] = ['000000000000000a', '000000000000000b'];
  const account = (valid: string, duplicate: string) => ({
    arrived: { total: 2, content_hash: '0000000000000015' },
    valid: { ...set(valid), by_type: { track_liked: 1 } },
    quarantined: { total: 0, content_hash: EMPTY_CONTENT_HASH, by_reason: {} },
    duplicates: set(duplicate),
  });
  expect(movedRecords(account(a, b), account(a, b))).toEqual([]);
  expect(movedRecords(account(a, b), account(b, a))).toEqual(['As many records as before, but other ones.']);
});
