import { expect, test, vi } from 'vitest';
import { emitWindow, md5, type Request } from './recount.ts';

// Every new seed builds a catalogue, which a busy machine may take seconds for.
vi.setConfig({ testTimeout: 120_000 });

// A change here re-writes every past window of every seed: only ever on purpose.
const GOLDEN: [Request, string][] = [
  [{ window: '2026-01-05T08:00Z', events: 2_000, seed: 1, shards: 1 }, 'ce10df3c0cd595220a53596cb584f88d'],
  [{ window: '2026-07-03T18:00Z', events: 9_000, seed: 7, shards: 4 }, '3ad041d1a578f78bce89060bd33ac2ef'],
  [
    { window: '2025-10-26T01:00Z', events: 700, seed: Number.MAX_SAFE_INTEGER, shards: 1 },
    '1b4fb5a4d7048233dceb0b8d679db4fa',
  ],
  [
    { window: '2031-12-31T23:00Z', events: 1_500, seed: 0, shards: 2, volume_shape: 'diurnal' },
    'c15ce965e6e751446403825376600b99',
  ],
];

test.each(GOLDEN)('%j gives the same bytes for ever', async (asked, golden) => {
  const { lines } = await emitWindow(asked);
  expect(md5(Buffer.concat(lines))).toBe(golden);
});
