import { beforeEach, describe, expect, test } from 'vitest';
import { planReplay } from '../../../activities/plan-replay.ts';
import { keepReceipt } from '../../../activities/receipts.ts';
import { keys } from '../../../contracts/lake.ts';
import { LIVE_HOUR_REQUEST } from '../../../contracts/live.ts';
import type { PlannedWindow } from '../../../contracts/replay-plan.ts';
import { STEPS } from '../../../contracts/steps.ts';
import { memoryStore } from '../../workflow/memory-store.ts';
import { sampleReport } from '../cli/sample-report.ts';

const window = '2026-01-05T08:00Z';
const request = { window, ...LIVE_HOUR_REQUEST };
const HASH = '00000000000000ff';
const set = { total: 5, content_hash: HASH };
const account = {
  ...{ arrived: set, valid: { ...set, by_type: {} }, duplicates: { ...set, total: 0 } },
  quarantined: { ...set, total: 0, by_reason: {} },
};
const version = { metadata_location: 's3://bucket/m.json', snapshot_id: '1' };
const tables = { raw: version, events: version, quarantine: version, minute_counts: version };

describe('the plan to play an hour again that filled by itself', () => {
  let store: ReturnType<typeof memoryStore>;
  let low = 0n;

  beforeEach(async () => {
    store = memoryStore();
    low = 0n;
    const asked = { seed: 0, events_requested: 0, shards: 1 };
    await store.putJson(keys.report(window), sampleReport({ source: 'live', ...asked }));
    const receipt_digest = await keepReceipt(store, {
      ...{ window, shard: 0, topic: 'events', ranges: [{ partition: 0, first: '5', last: '9' }] },
      ...{ records: 5, bytes: 10, content_hash: HASH, source: 'live' },
    });
    const ledger = { ...account, window, ...asked, shards: 0, late: 0, out_of_order: 0, planted: {} };
    const results: Record<string, unknown> = {
      generate: {
        ...{ landed: set, ledger, ledger_key: 'ledger', catalogue_key: 'live/catalogue.ndjson' },
        live: { receipt_digest },
      },
      publish: { digests: [receipt_digest] },
      ingest: { account, tables },
      reconcile: { hops: [] },
      compact: { tables },
      load: { rows: { events: 5 }, content_hash: HASH, affected_dates: ['2026-01-05'] },
      build: { models: 1, tests: 1, seconds: 1, resumed: false, hops: [] },
      publish_serving: { version: 'v', file: 'f', bytes: 1, marts: {} },
    };
    for (const [index, step] of STEPS.entries())
      await store.putJson(keys.keptStep(window, step), {
        ...{ version: 1, step, request, workflow: { workflow_id: 'w', run_id: 'r' } },
        ...{ completed_at: `2026-02-01T00:00:0${index}.000Z`, result: results[step] },
      });
    await store.putJson(keys.ledger(window), {});
    await store.putJson('m.json', { list: 's3://bucket/snap-1-a.avro' });
    await store.putJson('snap-1-a.avro', {});
  });

  async function planned(scope: object = {}): Promise<PlannedWindow | undefined> {
    const deps = {
      ...{ store, now: () => Date.parse('2026-03-01T00:00:00Z'), code: {} },
      defaults: { events: 20_000, seed: 1, shards: 2, volume_shape: 'diurnal' as const },
      bounds: async () => [{ partition: 0, low, high: 100n }],
    };
    return (await planReplay(deps, { from: window, to: window, ...scope }))[0];
  }

  test('asks nothing of the landing area, nor for a catalogue', async () => {
    for (const from_step of STEPS)
      expect(await planned({ from_step })).toMatchObject({ plays: true, refused: null, from_step, request });
  });

  test('counts again what the topic holds', async () => {
    const plan = await planned();
    expect(plan).toMatchObject({ from_step: 'generate', refused: null });
    expect(plan?.changes?.slice(0, 2).map(({ what }) => what)).toEqual([
      'nothing is generated: what the topic holds of the hour is counted again',
      'nothing is sent: the hour is a range of the topic',
    ]);
  });

  test('begins behind ingest once the topic has let go of it: nobody can send it again', async () => {
    low = 6n;
    const refused = (await planned({ from_step: 'ingest' }))?.refused;
    expect(refused).toContain(
      'the topic has let go of the records of 1 of 1 shard, and what arrived by itself',
    );
    expect(await planned({ from_step: 'reconcile' })).toMatchObject({ refused: null });
  });

  test('does not begin behind a ledger that is gone', async () => {
    store.objects.delete(keys.ledger(window));
    expect((await planned({ from_step: 'ingest' }))?.refused).toContain('ledger.json is not there any more');
  });
});
