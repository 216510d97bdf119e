import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { createAmendActivities, readAmendment } from '../../activities/amend-ledger.ts';
import { readReplays } from '../../activities/replays.ts';
import type { LakeReader } from '../../clients/lake-reader.ts';
import { keys } from '../../contracts/lake.ts';
import type { RecordAccount } from '../../contracts/ledger.ts';
import { ACCOUNT, fakeSteps } from './fake-steps.ts';
import { failureOf, input, start, temporalForTests } from './harness.ts';
import { leaveOutputs } from './kept-outputs.ts';
import { memoryStore } from './memory-store.ts';

const withWorkers = temporalForTests();

const { window } = input;
const order = { by: 'a person', why: 'to see it' };
const again = { ...input, from_step: 'ingest', replay: order, amend: true, rules: 'mended' };
const MOVED = ['2 records fewer quarantined as malformed_json: 5, not 7.'];
const account: RecordAccount = {
  ...ACCOUNT,
  valid: { total: 92, content_hash: '000000000000009b', by_type: { track_played: 92 } },
  quarantined: { total: 5, content_hash: '0000000000000005', by_reason: { malformed_json: 5 } },
};

describe('quarantined records that are put through again', () => {
  async function afterAFirstRun() {
    const store = memoryStore();
    await leaveOutputs(store);
    await withWorkers(fakeSteps({}, store), async (client) => (await start(client)).result());
    const ledgers: unknown[] = [];
    const asked: unknown[] = [];
    /** Steps of a worker with mended rules; what is judged is kept by the activity that really does so. */
    const mended = (replaced: Parameters<typeof fakeSteps>[0] = {}) => {
      const { keepAmendment } = createAmendActivities({ store, lake: {} as LakeReader, scratch: '' });
      const steps = fakeSteps(
        {
          amendLedger: async (given) => {
            asked.push(given);
            const entry = { ...given.order, at: '2026-02-01T00:00:00.000Z', run_id: 'r', moved: MOVED };
            return { moved: MOVED, amendment: { arrived: account.arrived, account, entry } };
          },
          keepAmendment,
          loadWindow: async () => ({
            ...{ rows: { events: 92 }, by_type: { track_played: 92 }, content_hash: '000000000000009b' },
            ...{ affected_dates: ['2026-01-05'], attempt: 1 },
          }),
          ...replaced,
        },
        store,
      );
      const { reconcileWindow } = steps.queues.control;
      steps.queues.control.reconcileWindow = (...args) => {
        ledgers.push((args as unknown as [{ ledger: unknown }])[0].ledger);
        return reconcileWindow?.(...args) as Promise<unknown>;
      };
      return steps;
    };
    return { store, mended, ledgers, asked };
  }

  const refuse = async (): Promise<never> => {
    throw ApplicationFailure.nonRetryable('not allowed', 'AccessDenied');
  };

  it('are held against the ledger as it was amended, now and in later replays', async () => {
    const { store, mended, ledgers, asked } = await afterAFirstRun();
    const first = mended();
    await withWorkers(first, async (client) => (await start(client, again)).result());
    expect(first.calls.slice(0, 2)).toEqual(['amendLedger', 'ingestWindow']);
    expect(first.calls.indexOf('keepAmendment')).toBe(first.calls.indexOf('compactWindow') - 1);
    expect(asked).toEqual([{ window, order, rules: 'mended', hold: true }]);
    expect((await readReplays(store, window, 5))[0]).toMatchObject({
      ...{ amended: MOVED, identical: null, differences: [] },
    });
    const { by, why } = order;
    expect(first.reports.at(-1)?.amended).toMatchObject({ by, why });
    expect(first.reports.at(-1)?.amended?.moved.join(' ')).toContain(MOVED[0]);
    // Whole, and nobody says anything of mended rules.
    const second = mended();
    await withWorkers(second, async (client) => (await start(client)).result());
    expect(ledgers).toMatchObject([account, account]);
    expect((await readReplays(store, window, 5))[0]).toMatchObject({ amended: [], identical: true });
    expect(second.reports.at(-1)?.amended).toMatchObject({ by, why });
  });

  it.each([
    ['cannot be taken in', { ingestWindow: refuse }],
    ['do not reconcile', { reconcileWindow: refuse }],
  ])('leave the ledger as it was when they %s', async (_, replaced) => {
    const { store, mended } = await afterAFirstRun();
    const broken = mended(replaced);
    await withWorkers(broken, async (client) => failureOf((await start(client, again)).result()));
    expect(broken.calls).not.toContain('keepAmendment');
    expect(store.objects.has(keys.amendment(window))).toBe(false);
    expect(broken.reports.at(-1)).toMatchObject({ state: 'failed' });
    expect(broken.reports.at(-1)?.amended).toBeUndefined();
    expect((await readReplays(store, window, 5))[0]).toMatchObject({ amended: [] });
  });

  it('amend it when only a later step fails, and the report says so', async () => {
    const { store, mended } = await afterAFirstRun();
    const broken = mended({ loadWindow: refuse });
    await withWorkers(broken, async (client) => failureOf((await start(client, again)).result()));
    expect((await readAmendment(store, window))?.account).toEqual(account);
    expect(broken.reports.at(-1)).toMatchObject({ state: 'failed', amended: { by: order.by } });
    expect((await readReplays(store, window, 5))[0]).toMatchObject({ amended: MOVED });
  });
});
