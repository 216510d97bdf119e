import { beforeEach, describe, expect, it } from 'vitest';
import { createCountHourActivities } from '../../../activities/count-hour.ts';
import { createHourWatchActivities } from '../../../activities/hour-watch.ts';
import { readReceipts } from '../../../activities/receipts.ts';
import type { PartitionBounds } from '../../../clients/kafka-topics.ts';
import { keys } from '../../../contracts/lake.ts';
import { liveKeys } from '../../../contracts/live.ts';
import { memoryStore } from '../../workflow/memory-store.ts';
import { MemoryLog } from './memory-log.ts';
import { runActivity } from './run-activity.ts';

const window = '2026-01-05T08:00Z';
const BEFORE = '2026-01-05T07:59:59.999Z';
const IN = '2026-01-05T08:00:00.000Z';
const LAST = '2026-01-05T08:59:59.999Z';
const AFTER = '2026-01-05T09:00:00.000Z';

const event = (number: number, more: object = {}): string =>
  JSON.stringify({
    event_type: 'track_liked',
    event_id: `0b1c9d3e-5f27-4a8b-9c6d-${String(number).padStart(12, '0')}`,
    schema_version: 1,
    occurred_at: '2026-01-05T08:00:00Z',
    sent_at: '2026-01-05T08:00:01Z',
    listener_id: 'l-1',
    session_id: 's-1',
    device: 'mobile',
    country: 'SE',
    source: 'client',
    track_id: 't-1',
    context: 'radio',
    ...more,
  });

let store: ReturnType<typeof memoryStore>;
let log: MemoryLog;
let bounds: PartitionBounds[];
let now: number;
let hour: ReturnType<typeof createCountHourActivities> & ReturnType<typeof createHourWatchActivities>;

const watched = () => ({ store, log, bounds: async () => bounds, stream: async () => undefined });

beforeEach(() => {
  store = memoryStore();
  log = new MemoryLog(3);
  bounds = [];
  now = Date.parse('2026-01-05T09:00:30Z');
  hour = {
    ...createCountHourActivities({ store, log, bounds: async () => bounds, now: () => now }),
    ...createHourWatchActivities({ ...watched(), lookEveryMs: 1, standstillMs: 0 }),
  };
});

function someHour(): void {
  log.append(0, BEFORE, event(1));
  log.append(0, IN, event(2));
  log.publish(0, IN, event(3));
  log.append(0, LAST, event(4, { occurred_at: '2026-01-05T07:30:00Z' }));
  log.append(0, AFTER, event(5));
  log.append(1, IN, event(2, { device: 'car' }));
  log.append(1, LAST, '{"event_type":"track_liked"');
}

describe('an hour that filled by itself', () => {
  it('holds what arrived between its bounds and no window run has published', async () => {
    someHour();
    const { ledger, live, catalogue_key } = await runActivity(hour.countHour, { window });
    expect(ledger).toMatchObject({
      ...{ window, seed: 0, events_requested: 0, shards: 0, late: 1 },
      arrived: { total: 4, by_type: { track_liked: 4 } },
      valid: { total: 2, by_type: { track_liked: 2 } },
      quarantined: { total: 1, by_reason: { malformed_json: 1 } },
      duplicates: { total: 1, by_type: { track_liked: 1 } },
    });
    expect(catalogue_key).toBe(liveKeys.catalogue);
    expect(await store.getJson(keys.ledger(window))).toEqual(ledger);
    expect(await readReceipts(store, window, { digests: [live.receipt_digest] })).toEqual([
      {
        ...{ window, shard: 0, topic: 'reprise.listening-events.v1', source: 'live' },
        ranges: [
          { partition: 0, first: '1', last: '3' },
          { partition: 1, first: '0', last: '1' },
        ],
        records: 4,
        bytes: expect.any(Number) as number,
        content_hash: ledger.arrived.content_hash,
        by_type: { track_liked: 4 },
      },
    ]);
  });

  it('of events with one id lets the first by partition and offset stand', async () => {
    log.append(1, IN, event(2, { device: 'car' }));
    log.append(0, LAST, event(2));
    const both = await runActivity(hour.countHour, { window });
    const alone = new MemoryLog(1);
    alone.append(0, IN, event(2));
    const first = createCountHourActivities({ store, log: alone, bounds: async () => [], now: () => now });
    const one = await runActivity(first.countHour, { window });
    expect(both.ledger.duplicates.total).toBe(1);
    expect(both.ledger.valid).toEqual(one.ledger.valid);
  });

  it('is counted twice with the same result, and marked as one that is closed', async () => {
    someHour();
    const once = await runActivity(hour.countHour, { window });
    expect(await runActivity(hour.countHour, { window })).toMatchObject(once);
    expect(store.objects.has(liveKeys.hour(window))).toBe(true);
  });

  it('may have stayed empty', async () => {
    const { ledger, live } = await runActivity(hour.countHour, { window });
    expect(ledger.arrived.total).toBe(0);
    const found = await runActivity(hour.vouchForHour, { window, receipt_digest: live.receipt_digest });
    expect(found.receipts).toEqual({ digests: [live.receipt_digest] });
  });

  it('is not counted before it has ended', async () => {
    now = Date.parse('2026-01-05T08:58:00Z');
    await expect(runActivity(hour.countHour, { window })).rejects.toMatchObject({ type: 'InvalidInput' });
  });

  it('is not counted when the topic has let go of its beginning', async () => {
    someHour();
    now = Date.parse('2026-01-13T00:00:00Z');
    bounds = [{ partition: 0, low: 1n, high: 5n }];
    await expect(runActivity(hour.countHour, { window })).rejects.toMatchObject({ type: 'ResourceMissing' });
  });
});

describe('what was counted', () => {
  it('is vouched for as long as the topic holds it', async () => {
    someHour();
    const { live } = await runActivity(hour.countHour, { window });
    const asked = { window, receipt_digest: live.receipt_digest };
    expect((await runActivity(hour.vouchForHour, asked)).receipts).toEqual({
      digests: [live.receipt_digest],
    });
    log.append(2, LAST, event(9));
    await expect(runActivity(hour.vouchForHour, asked)).rejects.toMatchObject({ type: 'DataQualityFailed' });
    log.partitions[2] = [];
    log.partitions[1] = [];
    await expect(runActivity(hour.vouchForHour, asked)).rejects.toMatchObject({ type: 'ResourceMissing' });
  });
});

describe('the source of a window', () => {
  const ask = (source: 'auto' | 'live' | 'generated') => runActivity(hour.findSource, { window, source });
  const position = (offsets: Record<string, string>) =>
    store.putJson(liveKeys.position, { stream: 'live', batch: 1, at: LAST, offsets });

  it('is the generator where there has never been a stream', async () => {
    someHour();
    expect(await ask('auto')).toEqual({ source: 'generated' });
    expect(await ask('generated')).toEqual({ source: 'generated' });
    expect(log.handedOver).toEqual([]);
  });

  it('is the topic where the stream has met records of the hour', async () => {
    await store.putJson(liveKeys.hour(window), {});
    expect(await ask('auto')).toEqual({ source: 'live' });
    await expect(ask('generated')).rejects.toMatchObject({ type: 'InvalidInput' });
  });

  it('is looked up in the topic where the stream has not come so far', async () => {
    someHour();
    await position({ '0': '4', '1': '2', '2': '0' });
    expect(await ask('auto')).toEqual({ source: 'generated' });
    await position({ '0': '2', '1': '2' });
    expect(await ask('auto')).toEqual({ source: 'live' });
    // One that a window run has published is none, and behind the first that is one nothing is read.
    expect(log.handedOver).toEqual(['0/2', '0/3']);
  });

  it('is not the topic for a window that was generated', async () => {
    expect(await ask('live')).toEqual({ source: 'live' });
    await store.putJson(keys.shardLedger(window, 0), {});
    await expect(ask('live')).rejects.toMatchObject({ type: 'InvalidInput' });
  });
});

describe('the stream', () => {
  const receipts = { digests: [] as string[] };
  const at = (offset: string) =>
    store.putJson(liveKeys.position, {
      stream: 'live',
      batch: 1,
      at: LAST,
      offsets: { '0': offset, '1': '2' },
    });

  beforeEach(async () => {
    someHour();
    receipts.digests = [(await runActivity(hour.countHour, { window })).live.receipt_digest];
  });

  it('is waited for until it has passed the end of the hour', async () => {
    await at('2');
    const patient = createHourWatchActivities({ ...watched(), lookEveryMs: 1 });
    const waiting = runActivity(patient.awaitStream, { window, receipts });
    await at('3');
    await at('4');
    expect(await waiting).toEqual({ attempt: 1 });
  });

  it('that does not move is named, with what starts it', async () => {
    await at('2');
    await expect(runActivity(hour.awaitStream, { window, receipts })).rejects.toMatchObject({
      type: 'Unavailable',
      message: expect.stringContaining('npx reprise live start') as string,
    });
  });

  it('that has never been cannot have passed anything', async () => {
    await expect(runActivity(hour.awaitStream, { window, receipts })).rejects.toMatchObject({
      type: 'Unavailable',
    });
  });
});
