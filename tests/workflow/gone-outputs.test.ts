import { ApplicationFailure } from '@temporalio/common';
import { beforeEach, describe, expect, it } from 'vitest';
import { readReplays } from '../../activities/replays.ts';
import type { HopReport } from '../../contracts/report.ts';
import { fakeSteps } from './fake-steps.ts';
import { failureOf, input, start, temporalForTests } from './harness.ts';
import { leaveOutputs } from './kept-outputs.ts';
import { memoryStore } from './memory-store.ts';

const withWorkers = temporalForTests();

const { window } = input;
const why = 'warehouse holds 0 records, the ledger expects 90: 90 are missing';
const lookedAt = async () => ({ step: 'load' as const, why });

describe('a replay behind a step whose output is gone', () => {
  let store: ReturnType<typeof memoryStore>;
  beforeEach(async () => {
    store = memoryStore();
    await leaveOutputs(store);
    await withWorkers(fakeSteps({}, store), async (client) => (await start(client)).result());
  });

  it.each(['build', 'publish_serving'] as const)(
    'from %s loads again what the warehouse lost',
    async (from_step) => {
      const seen: unknown[] = [];
      const second = fakeSteps(
        {
          findGone: async (kept) => {
            seen.push(kept);
            return lookedAt();
          },
        },
        store,
      );
      await withWorkers(second, async (client) => {
        expect(await (await start(client, { ...input, from_step })).result()).toMatchObject({
          reconciled: true,
        });
      });
      expect(seen).toMatchObject([{ window, load: { rows: { events: 90 } } }]);
      expect(Object.keys(seen[0] as object).includes('build')).toBe(from_step === 'publish_serving');
      expect(second.calls).toEqual(['loadWindow', 'buildWindow', 'publishServing']);
      expect((await readReplays(store, window, 5))[0]).toMatchObject({
        ...{ from_step: 'load', begun_earlier: `load ran again: ${why}` },
        ...{ identical: true, before: { state: 'completed', reconciled: true } },
      });
    },
  );

  it('begins as early as it has to, when the snapshots to load from are gone too', async () => {
    for (const key of store.objects.keys()) if (key.startsWith('snap-1-')) store.objects.delete(key);
    const second = fakeSteps({ findGone: lookedAt }, store);
    await withWorkers(second, async (client) =>
      (await start(client, { ...input, from_step: 'build' })).result(),
    );
    // The lake as it is now is held against the ledger before it is loaded.
    expect(second.calls).toEqual([
      ...['compactWindow', 'reconcileWindow', 'loadWindow', 'buildWindow', 'publishServing'],
    ]);
    expect((await readReplays(store, window, 5))[0]).toMatchObject({ from_step: 'compact' });
  });

  it('keeps the load that is whole, and asks nobody when it loads anyway', async () => {
    const asked: string[] = [];
    const steps = () =>
      fakeSteps(
        {
          findGone: async () => {
            asked.push('findGone');
            return null;
          },
        },
        store,
      );
    const [kept, loads] = [steps(), steps()];
    await withWorkers(kept, async (client) =>
      (await start(client, { ...input, from_step: 'build' })).result(),
    );
    expect(kept.calls).toEqual(['buildWindow', 'publishServing']);
    expect(asked).toEqual(['findGone']);
    await withWorkers(loads, async (client) =>
      (await start(client, { ...input, from_step: 'load' })).result(),
    );
    expect(asked).toEqual(['findGone']);
  });

  it('from compact does not take a lake that has lost records', async () => {
    const side = { content_hash: null, by: {} };
    const hop: HopReport = {
      ...{ hop: 'raw', matches: false, differences: ['raw holds 99 records, the ledger expects 100.'] },
      ...{ expected: { total: 100, ...side }, observed: { total: 99, ...side } },
    };
    const broken = fakeSteps(
      {
        reconcileWindow: async () => {
          throw ApplicationFailure.create({
            ...{ type: 'DataQualityFailed', message: 'a record is missing', nonRetryable: true },
            details: [{ hops: [hop] }],
          });
        },
      },
      store,
    );
    await withWorkers(broken, async (client) => {
      const failure = await failureOf((await start(client, { ...input, from_step: 'compact' })).result());
      expect(failure).toMatchObject({ type: 'DataQualityFailed', nonRetryable: true });
    });
    expect(broken.calls).toEqual(['compactWindow', 'reconcileWindow']);
    // Each hop once, as it was found now.
    expect(broken.reports.at(-1)).toMatchObject({ state: 'failed', reconciled: false, hops: [hop] });
  });
});
