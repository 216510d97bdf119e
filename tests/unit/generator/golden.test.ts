import { expect, test, vi } from 'vitest';
import { emitWindow, md5, type Request } from './recount.ts';

// Every new seed builds a catalogue, which a busy machine may take seconds for.
vi.setConfig({ testTimeout: 120_000 });

// A change here re-writes every past window of every seed: only ever on purpose.
const GOLDEN: [Request, string][] = [
  [{ window: '2026-01-05T08:00Z', events: 2_000, seed: 1, shards: 1 }, 'ffcd3c16e68e6a8fa8e383bc2d4bec02'],
  [{ window: '2026-07-03T18:00Z', events: 9_000, seed: 7, shards: 4 }, '380c11adf5127bf781841432adc615ae'],
  [
    { window: '2025-10-26T01:00Z', events: 700, seed: Number.MAX_SAFE_INTEGER, shards: 1 },
    'e64e5a2be710974a033bbfa289f0e1d7',
  ],
  [
    { window: '2031-12-31T23:00Z', events: 1_500, seed: 0, shards: 2, volume_shape: 'diurnal' },
    '351b4f123a31bb243a4069da7d5729c5',
  ],
];

test.each(GOLDEN)('%j gives the same bytes for ever', async (asked, golden) => {
  const { lines } = await emitWindow(asked);
  expect(md5(Buffer.concat(lines))).toBe(golden);
});
