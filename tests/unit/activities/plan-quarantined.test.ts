import { beforeEach, describe, expect, test } from 'vitest';
import { assertRules, type Judgement } from '../../../activities/amend-ledger.ts';
import { planReplay } from '../../../activities/plan-replay.ts';
import { ClientError } from '../../../clients/errors.ts';
import { keys } from '../../../contracts/lake.ts';
import type { Ledger, RecordAccount } from '../../../contracts/ledger.ts';
import type { PlannedWindow } from '../../../contracts/replay-plan.ts';
import type { WindowReport } from '../../../contracts/report.ts';
import { STEPS } from '../../../contracts/steps.ts';
import { keepReceipt } from '../../../activities/receipts.ts';
import { memoryStore } from '../../workflow/memory-store.ts';
import { sampleReport } from '../cli/sample-report.ts';

const [window, next] = ['2026-01-05T08:00Z', '2026-01-05T09:00Z'];
const now = (): number => Date.parse('2026-03-01T00:00:00Z');
const defaults = { events: 20_000, seed: 1, shards: 2, volume_shape: 'diurnal' } as const;
const HASH = '00000000000000ff';
const set = { total: 0, content_hash: HASH };
const account = (invalid: number): RecordAccount => ({
  ...{ arrived: set, valid: { ...set, by_type: {} }, duplicates: set },
  quarantined: { ...set, by_reason: invalid > 0 ? { invalid_value: invalid } : {} },
});
const version = { metadata_location: 's3://bucket/m.json', snapshot_id: '1' };
const tables = { raw: version, events: version, quarantine: version, minute_counts: version };
const ledger = (invalid: number): Ledger => ({
  ...{ ...account(invalid), window, seed: 1, events_requested: 10, shards: 1 },
  ...{ late: 0, out_of_order: 0, planted: {} },
});
const judgement = (before: number, after: number, amended = false): Judgement => ({
  ...{ ledger: ledger(before), account: account(after) },
  amendment: amended ? { version: 1, window, arrived: set, account: account(before), entries: [] } : null,
  moved: before === after ? [] : [`${after - before} records quarantined as invalid_value.`],
  reasons: before === after ? [] : ['invalid_value'],
});
const bounds = { partition: 0, low: 0n, high: 100n };

describe('the plan to put quarantined records through again', () => {
  let store: ReturnType<typeof memoryStore>;
  let judged: Record<string, () => Judgement>;
  let low = 0n;

  const reported = (changes: Partial<WindowReport> = {}): Promise<void> => {
    const report = { ...sampleReport(), shards: 1, quarantined_by_reason: {}, hops: [], ...changes };
    return store.putJson(keys.report(report.window), report);
  };

  async function keep(of: string, upTo: (typeof STEPS)[number]): Promise<void> {
    const digest = await keepReceipt(store, {
      ...{ window: of, shard: 0, topic: 'events', ranges: [{ partition: 0, first: '5', last: '9' }] },
      ...{ records: 5, bytes: 10, content_hash: HASH },
    });
    const results: Record<string, unknown> = {
      generate: { landed: set, ledger: ledger(2), ledger_key: 'ledger', catalogue_key: 'catalogue' },
      publish: { digests: [digest] },
      ingest: { account: account(2), tables },
      reconcile: { hops: [] },
      compact: { tables },
      load: { rows: { events: 1 }, content_hash: HASH, affected_dates: ['2026-01-04', '2026-01-05'] },
      build: { models: 1, tests: 1, seconds: 1, resumed: false, hops: [] },
      publish_serving: { version: 'v', file: 'f', bytes: 1, marts: {} },
    };
    const request = { window: of, events: 10, seed: 1, shards: 1, volume_shape: 'flat' };
    for (const [index, step] of STEPS.slice(0, STEPS.indexOf(upTo) + 1).entries())
      await store.putJson(keys.keptStep(of, step), {
        ...{ version: 1, step, request, workflow: { workflow_id: 'w', run_id: 'r' } },
        ...{ completed_at: `2026-02-01T00:00:0${index}.000Z`, code: 'old', result: results[step] },
      });
    for (const key of ['catalogue', keys.shard(of, 0), keys.shardLedger(of, 0)]) await store.putJson(key, {});
    await store.putJson('m.json', { list: 's3://bucket/snap-1-a.avro' });
    await store.putJson('snap-1-a.avro', {});
  }

  beforeEach(async () => {
    store = memoryStore();
    judged = {};
    low = 0n;
    await reported();
    await keep(window, 'publish_serving');
  });

  function plan(scope: object = { quarantined: {} }, more: object = {}): Promise<PlannedWindow[]> {
    const deps = {
      ...{ store, defaults, now, rules: 'today', ...more },
      bounds: async () => [{ ...bounds, low }],
      judge: async (of: string) => (judged[of] ?? (() => judgement(2, 2)))(),
    };
    return planReplay(deps, { from: window, to: window, ...scope });
  }
  const first = async (scope?: object, more?: object): Promise<PlannedWindow> => {
    const [one] = await plan(scope, more);
    if (!one) throw new Error('nothing was planned');
    return one;
  };

  test('asks the rules of today, although nothing is quarantined any more: a rule may be taken back', async () => {
    judged[window] = () => judgement(0, 3, true);
    expect(await first()).toMatchObject({
      ...{ plays: true, refused: null, from_step: 'ingest', rules: 'today' },
      amends: ['3 records quarantined as invalid_value.'],
    });
    expect(await first({ quarantined: { reason_code: 'invalid_value' } })).toMatchObject({ plays: true });
    expect(await first({ quarantined: { reason_code: 'wrong_type' } })).toMatchObject({
      ...{ plays: false, why: 'none of its records quarantined as wrong_type changes sides' },
    });
  });

  test('a window whose ledger is amended, and that failed since, goes on where it failed', async () => {
    judged[window] = () => judgement(0, 0, true);
    expect(await first()).toMatchObject({ plays: false });
    await reported({
      ...{ state: 'failed', reconciled: false },
      failure: { step: 'load', type: 'TimedOut', message: 'too long' },
    });
    store.objects.delete(keys.keptStep(window, 'load'));
    expect(await first()).toMatchObject({
      ...{ plays: true, refused: null, from_step: 'load', amends: [] },
      why: 'its ledger is amended, and it failed at load: TimedOut',
    });
    // One that nobody has amended is a matter of --failed.
    judged[window] = () => judgement(0, 0);
    expect(await first()).toMatchObject({ plays: false });
  });

  test('one window that cannot be judged does not stand in the way of another', async () => {
    await reported({ window: next });
    await keep(next, 'publish_serving');
    judged[window] = () => {
      throw new ClientError('Misconfigured', 'a file of its partition is no Parquet');
    };
    judged[next] = () => judgement(2, 1);
    expect(await plan({ to: next, quarantined: {} })).toMatchObject([
      { window, refused: 'a file of its partition is no Parquet' },
      { window: next, refused: null, from_step: 'ingest' },
    ]);
    judged[window] = () => {
      throw new ClientError('Unavailable', 'the store is away');
    };
    await expect(plan()).rejects.toThrow('the store is away');
  });

  test('what the topic has let go of is sent once more, before it is judged anew', async () => {
    low = 6n;
    judged[window] = () => judgement(2, 1);
    const gone = 'the topic has let go of the records of 1 of 1 shard';
    expect(await first()).toMatchObject({
      ...{ refused: null, from_step: 'publish', because: `its records are judged anew, but ${gone}` },
    });
    expect((await first({ from_step: 'ingest' })).refused).toBe(
      `it cannot begin at ingest: publish: ${gone}; the first step to begin at is publish`,
    );
    store.objects.delete(keys.shard(window, 0));
    expect(await first()).toMatchObject({ refused: null, from_step: 'generate' });
  });

  test('what would change is found out: other code, other verdicts, days, what is gone', async () => {
    const same = { generate: 'old', ingest: 'old', load: 'old', build: 'old' };
    const changes = async (code: object) =>
      ((await first({}, { code })).changes ?? []).map(({ step, what }) => `${step}: ${what}`);
    expect(await changes(same)).toEqual([
      'generate: the same 0 records are written again',
      'publish: nothing is sent as long as the records are the same: the topic still holds them',
      'ingest: 0 valid, 0 quarantined, 0 duplicates are replaced by the same',
      'compact: its files are rewritten, its rows are the same',
      'load: 1 events in the warehouse are replaced',
      'build: 2 days are built again: 2026-01-04, 2026-01-05',
      'build: late events re-open 2026-01-04',
      expect.stringContaining('gives way to a new one'),
    ]);
    low = 6n;
    judged[window] = () => judgement(2, 1);
    const other = await changes({ ...same, ingest: 'new', build: 'new' });
    expect(other).toEqual(
      expect.arrayContaining([
        'publish: the records are sent once more: the topic has let go of the records of 1 of 1 shard',
        'ingest: the rules or the transforms have changed since it ran (2026-02-01T00:00Z): what they make of its records is judged',
        'ingest: -1 records quarantined as invalid_value.',
        'ingest: it will not reconcile until its ledger is amended: --quarantined does that',
        'build: the dbt project has changed since it ran (2026-02-01T00:00Z): the marts may be other ones',
      ]),
    );
  });
});

describe('a worker', () => {
  const loaded = { rules: 'a', inCheckout: () => 'a' };

  test('that has loaded what is asked for judges', () => {
    expect(() => assertRules(loaded, 'a')).not.toThrow();
    expect(() => assertRules(loaded, undefined)).not.toThrow();
  });

  test.each([
    ['that was planned by other rules', loaded, 'b'],
    ['whose checkout has other rules by now', { ...loaded, inCheckout: () => 'b' }, undefined],
  ])('%s does not, and says what to do', (_, rules, asked) => {
    expect(() => assertRules(rules, asked)).toThrow(/older rules .*npx reprise up/);
  });
});
