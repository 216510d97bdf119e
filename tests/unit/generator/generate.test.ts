import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { Ledger } from '../../../contracts/ledger.ts';
import { QUARANTINE_REASONS } from '../../../contracts/quarantine.ts';
import { DEFAULT_DEFECT_RATES, NO_DEFECTS } from '../../../generator/defects.ts';
import { generateShard } from '../../../generator/generate.ts';
import { emitShard, emitWindow, md5, recount } from './recount.ts';

// A first window builds a catalogue, which a busy machine may take seconds for.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const WINDOW = '2026-01-05T08:00Z';
const request = { window: WINDOW, events: 3_000, seed: 1, shards: 1 };

const GOLDEN_ARRIVED = { total: 2_000, content_hash: '74ff6074e1b30268' };
const GOLDEN_BYTES = '486c3c04094ee525a5f9602677054e5e';

const sortedHashes = (lines: readonly Buffer[]): string[] => lines.map(md5).sort();

test('a seed and a window give the same bytes for ever', async () => {
  const { lines, ledger } = await emitWindow({ ...request, events: 2_000 });
  // A change here re-writes every past window of every seed: only ever on purpose.
  expect(ledger.arrived).toEqual(GOLDEN_ARRIVED);
  expect(md5(Buffer.concat(lines))).toBe(GOLDEN_BYTES);
});

test('other seeds and other windows give other records', async () => {
  const hashes = await Promise.all(
    [request, { ...request, seed: 2 }, { ...request, window: '2026-01-05T09:00Z' }].map(
      async (one) => (await emitWindow(one)).ledger.arrived.content_hash,
    ),
  );
  expect(new Set(hashes).size).toBe(3);
});

test('the number of shards does not change the records', async () => {
  const whole = await emitWindow(request);
  for (const shards of [2, 3, 16]) {
    const split = await emitWindow({ ...request, shards });
    expect(sortedHashes(split.lines)).toEqual(sortedHashes(whole.lines));
    expect({ ...split.ledger, shards: 1 }).toEqual(whole.ledger);
  }
});

test('neither the order of windows and shards nor company changes them', async () => {
  const first = await emitShard({ ...request, shards: 2, shard: 1 });
  const others = await Promise.all([
    emitShard({ ...request, seed: 2, shards: 2, shard: 0 }),
    emitShard({ ...request, shards: 2, shard: 1 }),
    emitShard({ ...request, window: '2025-07-01T20:00Z', shards: 2, shard: 1 }),
  ]);
  expect(Buffer.concat(others[1].lines)).toEqual(Buffer.concat(first.lines));
});

test.each([0, 1, 5, 499, 500, 501, 1_234])('%s records asked for are as many records', async (events) => {
  const { lines, ledger } = await emitWindow({ ...request, events, shards: 3 });
  expect(lines).toHaveLength(events);
  expect(ledger.arrived.total).toBe(events);
  expect(ledger).toMatchObject(recount(lines, WINDOW).account);
});

test('the ledger is what an independent count of the lines finds', async () => {
  const rates = Object.fromEntries(Object.keys(DEFAULT_DEFECT_RATES).map((kind) => [kind, 0.03]));
  const { lines, ledger } = await emitWindow({ ...request, events: 6_000, shards: 2, rates });
  expect(Ledger.parse(ledger)).toEqual(ledger);
  expect(ledger).toMatchObject(recount(lines, WINDOW).account);
  expect(Object.keys(ledger.quarantined.by_reason).sort()).toEqual(Object.keys(QUARANTINE_REASONS).sort());
  expect(ledger.duplicates.total).toBeGreaterThan(100);
  expect(ledger.late).toBeGreaterThan(50);
  expect(ledger.out_of_order).toBeGreaterThan(100);
  expect(ledger.planted).toMatchObject({
    ...ledger.quarantined.by_reason,
    duplicate: ledger.duplicates.total,
    late: ledger.late,
    out_of_order: ledger.out_of_order,
  });
});

test('whatever is asked, the ledger balances and the count is exact', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 1_500 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 0, max: 24 * 365 * 3 }),
      fc.double({ min: 0, max: 0.07, noNaN: true }),
      async (events, shards, hour, rate) => {
        const window = `${new Date(Date.UTC(2024, 0, 1) + hour * 3_600_000).toISOString().slice(0, 16)}Z`;
        const rates = Object.fromEntries(Object.keys(DEFAULT_DEFECT_RATES).map((kind) => [kind, rate]));
        const { lines, ledger } = await emitWindow({ window, events, seed: 1, shards, rates });
        expect(lines).toHaveLength(events);
        expect(ledger).toMatchObject(recount(lines, window).account);
        expect(ledger.valid.total + ledger.quarantined.total + ledger.duplicates.total).toBe(events);
      },
    ),
    { numRuns: 20 },
  );
});

test('without defects everything is valid and in order', async () => {
  const { ledger } = await emitWindow({ ...request, rates: NO_DEFECTS });
  expect(ledger.valid.total).toBe(request.events);
  expect(ledger.planted).toEqual({});
});

test('planted defects come about as often as asked', async () => {
  const { ledger } = await emitWindow({ ...request, events: 12_000 });
  for (const [kind, rate] of Object.entries(DEFAULT_DEFECT_RATES)) {
    if (rate < 0.001) continue;
    const share = (ledger.planted[kind] ?? 0) / 12_000;
    expect(share, kind).toBeGreaterThan(rate * 0.5);
    expect(share, kind).toBeLessThan(rate * 1.8);
  }
});

test('what cannot be generated is refused', async () => {
  const write = (): void => {};
  await expect(generateShard({ ...request, shard: 1 }, write)).rejects.toThrow(
    'shard 1 is not one of 0 to 0',
  );
  await expect(generateShard({ ...request, window: '2026-01-05T08:30Z', shard: 0 }, write)).rejects.toThrow(
    'a window starts on the full hour',
  );
  await expect(generateShard({ ...request, window: '1999-01-05T08:00Z', shard: 0 }, write)).rejects.toThrow(
    RangeError,
  );
  await expect(generateShard({ ...request, events: -1, shard: 0 }, write)).rejects.toThrow('events');
});

test('a slow writer is waited for', async () => {
  let writing = 0;
  await generateShard({ ...request, shard: 0 }, async () => {
    expect(++writing).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 1));
    writing--;
  });
});
