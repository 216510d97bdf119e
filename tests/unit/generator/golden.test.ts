import { expect, test, vi } from 'vitest';
import { emitWindow, md5, type Request } from './recount.ts';

// Every new seed builds a catalogue, which a busy machine may take seconds for.
vi.setConfig({ testTimeout: 120_000 });

// A change here re-writes every past window of every seed: only ever on purpose.
const GOLDEN: [Request, string][] = [
  [{ window: '2026-01-05T08:00Z', events: 2_000, seed: 1, shards: 1 }, 'd7575ea9162bb300263a12374bf112d2'],
  [{ window: '2026-07-03T18:00Z', events: 9_000, seed: 7, shards: 4 }, '1d90a1543c41e9f25b0d39e2064e3eac'],
  [
    { window: '2025-10-26T01:00Z', events: 700, seed: Number.MAX_SAFE_INTEGER, shards: 1 },
    '88e85f4ff9068de00f23cbde78ec46a8',
  ],
  [
    { window: '2031-12-31T23:00Z', events: 1_500, seed: 0, shards: 2, volume_shape: 'diurnal' },
    '4da297eeca654a0947fdafa813cac309',
  ],
];

test.each(GOLDEN)('%j gives the same bytes for ever', async (asked, golden) => {
  const { lines } = await emitWindow(asked);
  expect(md5(Buffer.concat(lines))).toBe(golden);
});
