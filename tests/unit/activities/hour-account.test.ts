import { expect, it } from 'vitest';
import { HourAccount } from '../../../activities/hour-account.ts';
import { generateShard } from '../../../generator/generate.ts';

const window = '2026-01-05T08:00Z';

it('counts of its records what the generator knows of them, planted defects included', async () => {
  const account = new HourAccount(window);
  const request = { window, events: 20_000, seed: 5, shards: 1, shard: 0 };
  const { ledger } = await generateShard({ ...request, volume_shape: 'flat' }, (lines) => {
    for (let from = 0, at = lines.indexOf(10); at !== -1; from = at + 1, at = lines.indexOf(10, from))
      account.take(lines.subarray(from, at));
  });
  const { seed, events_requested, shards, out_of_order, planted, ...known } = ledger;
  expect(planted.duplicate).toBeGreaterThan(0);
  expect(ledger.late).toBeGreaterThan(0);
  expect([seed, events_requested, shards, out_of_order > 0]).toEqual([5, 20_000, 1, true]);
  expect(account.ledger()).toEqual({
    ...known,
    // Nobody has asked for these records, and nobody knows what was done to them on purpose.
    ...{ seed: 0, events_requested: 0, shards: 0, out_of_order: 0, planted: {} },
  });
});
