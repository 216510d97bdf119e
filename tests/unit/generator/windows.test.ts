import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { Ledger } from '../../../contracts/ledger.ts';
import { QUARANTINE_REASONS } from '../../../contracts/quarantine.ts';
import { consecutiveWindows } from '../../../contracts/window.ts';
import { generateShard } from '../../../generator/generate.ts';
import { DEFAULT_DEFECT_RATES, NO_DEFECTS } from '../../../generator/records/defects.ts';
import { allRates, anySeed, anyShape, anyWindow } from './arbitraries.ts';
import { emitShard, emitWindow, md5, recount } from './recount.ts';

// Every new seed builds a catalogue, which a busy machine may take seconds for.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const WINDOW = '2026-01-05T08:00Z';
const request = { window: WINDOW, events: 3_000, seed: 1, shards: 1 } as const;
/** The same for the same lines, in whatever order. */
const hashOfLines = (lines: readonly Buffer[]): string => md5(Buffer.from(lines.map(md5).sort().join()));
test('other seeds, windows and sizes give other records', async () => {
  const asked = [request, { ...request, seed: 2 }, { ...request, window: '2026-01-05T09:00Z' }];
  const lines: string[] = [];
  for (const one of asked) lines.push(...(await emitWindow(one)).lines.map(md5));
  const repeated = lines.length - new Set(lines).size;
  expect(repeated).toBeLessThan(lines.length * 0.02);
});

test('whatever is asked: the count is exact, the ledger is what a recount finds, and shards change nothing', async () => {
  await fc.assert(
    fc.asyncProperty(
      anySeed,
      anyWindow,
      fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 31, max: 4_000 })),
      fc.integer({ min: 1, max: 16 }),
      anyShape,
      fc.double({ min: 0, max: 0.07, noNaN: true }),
      async (seed, window, events, shards, volume_shape, rate) => {
        const asked = { window, events, seed, volume_shape, rates: allRates(rate) };
        const { lines, ledger } = await emitWindow({ ...asked, shards });
        expect(lines).toHaveLength(volume_shape === 'flat' ? events : ledger.arrived.total);
        expect(Ledger.parse(ledger)).toEqual(ledger);
        expect(ledger).toMatchObject(recount(lines, window).account);
        expect(ledger.valid.total + ledger.quarantined.total + ledger.duplicates.total).toBe(lines.length);
        const whole = await emitWindow({ ...asked, shards: 1 });
        expect(hashOfLines(lines)).toBe(hashOfLines(whole.lines));
        expect({ ...ledger, shards: 1 }).toEqual(whole.ledger);
      },
    ),
    { numRuns: 14, endOnFailure: true },
  );
});

test('every number of shards from 1 to 16 holds the same records', async () => {
  const asked = { ...request, events: 20_500 };
  const whole = await emitWindow(asked);
  for (let shards = 2; shards <= 16; shards++) {
    const split = await emitWindow({ ...asked, shards });
    expect(hashOfLines(split.lines)).toBe(hashOfLines(whole.lines));
    expect({ ...split.ledger, shards: 1 }).toEqual(whole.ledger);
  }
});

test('neither the order of windows and shards nor company changes them', async () => {
  const bytes = async (one: Parameters<typeof emitShard>[0]): Promise<string> =>
    md5(Buffer.concat((await emitShard(one)).lines));
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(anyWindow, { minLength: 2, maxLength: 2 }),
      fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 8 }),
      async (firsts, order) => {
        const shards = firsts
          .flatMap((first) => consecutiveWindows(first, 2))
          .flatMap((window) => [0, 1].map((shard) => ({ window, events: 6_000, seed: 1, shards: 2, shard })));
        const inOrder: string[] = [];
        for (const one of shards) inOrder.push(await bytes(one));
        // Beside each runs the same shard of another world, which must not be able to touch it.
        const mixed: string[] = [];
        for (const place of order) {
          const one = shards[place] as (typeof shards)[number];
          const [own] = await Promise.all([bytes(one), bytes({ ...one, seed: 2 })]);
          mixed.push(own);
        }
        expect(mixed).toEqual(order.map((place) => inOrder[place]));
        expect(new Set(inOrder).size).toBe(shards.length);
      },
    ),
    { numRuns: 4, endOnFailure: true },
  );
});

test('the ledger knows every planted defect', async () => {
  const rates = allRates(0.03);
  const { lines, ledger } = await emitWindow({ ...request, events: 8_000, shards: 2, rates });
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

test('each defect can be planted alone', async () => {
  for (const kind of Object.keys(DEFAULT_DEFECT_RATES) as (keyof typeof DEFAULT_DEFECT_RATES)[]) {
    const { ledger } = await emitWindow({ ...request, events: 2_000, rates: { ...NO_DEFECTS, [kind]: 0.1 } });
    expect(Object.keys(ledger.planted), kind).toEqual([kind]);
    expect(ledger.planted[kind], kind).toBeGreaterThan(20);
  }
});

test('without defects everything is valid, in time and in order', async () => {
  const { lines, ledger } = await emitWindow({ ...request, rates: NO_DEFECTS });
  expect(ledger.valid.total).toBe(request.events);
  expect(ledger.planted).toEqual({});
  expect(ledger).toMatchObject(recount(lines, WINDOW).account);
});

test('planted defects come about as often as asked', async () => {
  // Whole sessions are late, and few of them: one window tells little of their rate.
  const windows = consecutiveWindows(WINDOW, 6);
  const planted: Record<string, number> = {};
  for (const window of windows) {
    const { ledger } = await emitWindow({ ...request, window, events: 20_000 });
    for (const [kind, count] of Object.entries(ledger.planted)) planted[kind] = (planted[kind] ?? 0) + count;
  }
  for (const [kind, rate] of Object.entries(DEFAULT_DEFECT_RATES)) {
    const share = (planted[kind] ?? 0) / (windows.length * 20_000);
    expect(share, kind).toBeGreaterThan(rate * 0.6);
    expect(share, kind).toBeLessThan(rate * 1.6);
  }
});

test('a day and a night have their shares of a diurnal week, and the week is whole', async () => {
  const totals: number[] = [];
  for (const window of consecutiveWindows('2026-01-05T00:00Z', 168)) {
    const asked = { ...request, window, events: 40, volume_shape: 'diurnal' } as const;
    const { lines, ledger } = await emitWindow(asked);
    expect(lines).toHaveLength(ledger.arrived.total);
    totals.push(ledger.arrived.total);
  }
  const sum = totals.reduce((all, one) => all + one, 0);
  expect(Math.abs(sum - 168 * 40)).toBeLessThanOrEqual(84);
  expect(Math.max(...totals)).toBeGreaterThan(Math.min(...totals) * 1.5);
});

test('the tracks of a shard are those that its valid events name', async () => {
  const tracks = new Set<string>();
  const named = new Set<string>();
  for (let shard = 0; shard < 2; shard++) {
    const lines: Buffer[] = [];
    const made = await generateShard({ ...request, shards: 2, shard }, (chunk) => void lines.push(chunk));
    for (const track of made.tracks) tracks.add(`t-${String(track).padStart(7, '0')}`);
    const text = Buffer.concat(lines).toString('latin1').trimEnd().split('\n');
    for (const event of recount(
      text.map((line) => Buffer.from(line, 'latin1')),
      WINDOW,
    ).events)
      if ('track_id' in event) named.add(event.track_id);
  }
  expect(named.size).toBeGreaterThan(500);
  expect([...named].filter((track) => !tracks.has(track))).toEqual([]);
  expect([...tracks].filter((track) => !named.has(track))).toEqual([]);
});

test('what is handed over at once stays small, however much is asked for', async () => {
  const largest = async (events: number): Promise<number> => {
    let most = 0;
    await generateShard({ ...request, events, shard: 0 }, (lines) => {
      most = Math.max(most, lines.length);
    });
    return most;
  };
  expect(await largest(80_000)).toBeLessThan((await largest(8_000)) * 1.3);
});

test('a slow writer is waited for', async () => {
  let writing = 0;
  await generateShard({ ...request, shard: 0 }, async () => {
    expect(++writing).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 1));
    writing--;
  });
});

test('a writer that fails ends the generator', async () => {
  let calls = 0;
  const write = (): void => {
    calls++;
    throw new Error('no room');
  };
  await expect(generateShard({ ...request, events: 50_000, shard: 0 }, write)).rejects.toThrow('no room');
  expect(calls).toBe(1);
});

test('what cannot be generated is refused', async () => {
  const refused = async (change: object, why: string | typeof RangeError): Promise<void> =>
    expect(generateShard({ ...request, shard: 0, ...change }, () => {})).rejects.toThrow(why);
  await refused({ shard: 1 }, 'shard 1 is not one of 0 to 0');
  await refused({ window: '2026-01-05T08:30Z' }, 'a window starts on the full hour');
  await refused({ window: '1999-01-05T08:00Z' }, RangeError);
  await refused({ window: '2098-06-05T08:00Z' }, RangeError);
  await refused({ events: -1 }, 'events');
  await refused({ events: 1.5 }, 'events');
  await refused({ volume_shape: 'round' }, 'volume_shape');
});
