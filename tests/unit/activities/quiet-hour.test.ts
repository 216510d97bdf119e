import { beforeEach, describe, expect, it } from 'vitest';
import { createCountHourActivities } from '../../../activities/count-hour.ts';
import { createHourWatchActivities } from '../../../activities/hour-watch.ts';
import type { StreamRun } from '../../../activities/stream-run.ts';
import { ClientError } from '../../../clients/errors.ts';
import { keys } from '../../../contracts/lake.ts';
import { liveKeys } from '../../../contracts/live.ts';
import { memoryStore } from '../../workflow/memory-store.ts';
import { MemoryLog } from './memory-log.ts';
import { runActivity } from './run-activity.ts';

const window = '2026-01-05T08:00Z';
const EARLIER = '2026-01-04T23:00Z';
const LATER = '2026-01-05T10:00Z';
const now = Date.parse('2026-01-05T09:00:30Z');
const at = (time: string): number => Date.parse(`2026-01-05T${time}Z`);

let store: ReturnType<typeof memoryStore>;
let log: MemoryLog;
let run: StreamRun | undefined;
let high: bigint;
let looks: number;
let hour: ReturnType<typeof createHourWatchActivities>;

const mark = (marked: string): Promise<void> => store.putJson(liveKeys.hour(marked), { window: marked });
const ask = (source: 'auto' | 'live' | 'generated' = 'auto') =>
  runActivity(hour.findSource, { window, source });

beforeEach(async () => {
  store = memoryStore();
  log = new MemoryLog(1);
  run = undefined;
  high = 7n;
  looks = 0;
  hour = createHourWatchActivities({
    ...{ store, log, now: () => now },
    bounds: async () => [{ partition: 0, low: 0n, high }],
    stream: async () => {
      looks += 1;
      return run;
    },
  });
  await store.putJson(liveKeys.position, { stream: 'live', batch: 1, at: EARLIER, offsets: { '0': '7' } });
});

describe('an hour in which nothing has arrived', () => {
  it('is generated as long as nothing had ever arrived before', async () => {
    run = { state: 'running', heardAtMs: now };
    expect(await ask()).toEqual({ source: 'generated' });
    await mark(LATER);
    expect(await ask()).toEqual({ source: 'generated' });
    expect(looks).toBe(0);
  });

  it('is an empty one of a stream that runs', async () => {
    await mark(EARLIER);
    run = { state: 'running', heardAtMs: now - 60_000 };
    expect(await ask()).toEqual({ source: 'live' });
  });

  it('is an empty one when records arrived before and after it, whatever has become of the stream', async () => {
    await mark(EARLIER);
    await mark(LATER);
    run = { state: 'stopped', endedAtMs: at('11:00:00') };
    expect(await ask()).toEqual({ source: 'live' });
  });

  it('stays what it was when it was generated, also when records arrive later', async () => {
    await mark(EARLIER);
    await mark(LATER);
    await store.putJson(keys.shardLedger(window, 0), {});
    run = { state: 'running', heardAtMs: now };
    expect(await ask()).toEqual({ source: 'generated' });
  });

  it('is generated when the stream was stopped before, or so long ago that it is forgotten', async () => {
    await mark(EARLIER);
    run = { state: 'stopped', endedAtMs: at('07:59:59') };
    expect(await ask()).toEqual({ source: 'generated' });
    run = undefined;
    expect(await ask()).toEqual({ source: 'generated' });
  });

  it.each<[string, StreamRun]>([
    ['stopped within it', { state: 'stopped', endedAtMs: at('08:00:00') }],
    ['stopped after it', { state: 'stopped', endedAtMs: at('09:00:10') }],
    ['failed', { state: 'failed', endedAtMs: at('07:00:00') }],
  ])('is for somebody to say when the stream has %s', async (_, ended) => {
    await mark(EARLIER);
    run = ended;
    await expect(ask()).rejects.toMatchObject({
      ...{ type: 'InvalidInput', nonRetryable: true },
      message: expect.stringMatching(/npx reprise live start.* --source generated/) as string,
    });
    expect(await ask('generated')).toEqual({ source: 'generated' });
    expect(await ask('live')).toEqual({ source: 'live' });
  });

  it('is asked about again while nothing is heard of the stream', async () => {
    await mark(EARLIER);
    for (const heardAtMs of [null, now - 600_000]) {
      run = { state: 'running', heardAtMs };
      await expect(ask()).rejects.toMatchObject({ type: 'Unavailable', nonRetryable: false });
    }
  });

  it('is asked about again while Temporal is silent', async () => {
    await mark(EARLIER);
    const stream = () => Promise.reject(new ClientError('Unavailable', 'silent'));
    const { findSource } = createHourWatchActivities({ store, log, bounds: async () => [], stream });
    await store.putJson(liveKeys.position, { stream: 'live', batch: 1, at: EARLIER, offsets: {} });
    await expect(runActivity(findSource, { window, source: 'auto' })).rejects.toMatchObject({
      ...{ type: 'Unavailable', nonRetryable: false },
    });
  });

  it('cannot be told from one whose records are lost: the topic ends before what was read', async () => {
    await mark(EARLIER);
    await mark(LATER);
    high = 6n;
    await expect(ask()).rejects.toMatchObject({
      ...{ type: 'ResourceMissing', nonRetryable: true },
      message: expect.stringContaining('partition 0 up to 7, and the topic ends at 6') as string,
    });
  });

  it('is closed with nothing, and is a live one from then on', async () => {
    await mark(EARLIER);
    run = { state: 'running', heardAtMs: now };
    expect(await ask()).toEqual({ source: 'live' });
    const counting = createCountHourActivities({ store, log, bounds: async () => [], now: () => now });
    const { ledger, live } = await runActivity(counting.countHour, { window });
    expect(ledger.arrived.total).toBe(0);
    const { receipts } = await runActivity(hour.vouchForHour, { window, ...live });
    // Nothing is waited for.
    expect(await runActivity(hour.awaitStream, { window, receipts })).toEqual({ attempt: 1 });
    run = { state: 'stopped', endedAtMs: at('07:00:00') };
    expect(await ask()).toEqual({ source: 'live' });
  });
});
