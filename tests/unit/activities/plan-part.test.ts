import { describe, expect, test } from 'vitest';
import { planPart } from '../../../activities/plan-part.ts';
import type { StepResults } from '../../../contracts/kept-steps.ts';
import { keys } from '../../../contracts/lake.ts';
import { MOST_PLANNED, type PlanPart, windowsOf } from '../../../contracts/replay-plan.ts';
import type { WindowId } from '../../../contracts/window.ts';
import { memoryStore } from '../../workflow/memory-store.ts';
import { sampleReport } from '../cli/sample-report.ts';

/** Of every payload in a history; Temporal itself warns at 256 KB. */
const LARGEST = 65_536;

const defaults = { events: 20_000, seed: 1, shards: 2, volume_shape: 'diurnal' } as const;
const YEAR = { from: '2025-01-01T00:00Z', to: '2025-12-31T23:00Z' };
const now = (): number => Date.parse('2026-03-01T00:00:00Z');

async function parts(store: ReturnType<typeof memoryStore>, scope: object): Promise<PlanPart[]> {
  const all: PlanPart[] = [];
  let from: WindowId | null = YEAR.from;
  while (from !== null) {
    const part: PlanPart = await planPart({ store, defaults, now }, { ...YEAR, ...scope, from });
    all.push(part);
    from = part.next;
  }
  return all;
}

const windowsIn = (all: readonly PlanPart[]): WindowId[] =>
  all.flatMap(({ windows }) => windows.map(({ window }) => window));

function expectSmall(all: readonly PlanPart[]): void {
  const largest = Math.max(...all.map((part) => Buffer.byteLength(JSON.stringify(part))));
  expect(largest).toBeLessThan(LARGEST);
}

describe('the plan of a year, an hour at a time', () => {
  test('comes in parts of less than 64 KB, each window once and in order', async () => {
    const all = await parts(memoryStore(), { failed: true });
    expect(windowsIn(all)).toEqual(windowsOf(YEAR));
    expect(windowsIn(all)).toHaveLength(8_760);
    expectSmall(all);
  });

  test('also when each window says as much as it can, and touches a hundred days', async () => {
    const store = memoryStore();
    const long = 'x'.repeat(2_000);
    const days = Array.from({ length: 100 }, (_, day) =>
      new Date(Date.UTC(2025, 0, 1 + day)).toISOString().slice(0, 10),
    );
    const load: StepResults['load'] = {
      rows: { events: 1 },
      content_hash: '00000000000000ff',
      affected_dates: days,
    };
    const some = windowsOf({ from: YEAR.from, to: '2025-01-31T23:00Z' });
    for (const window of some) {
      const report = sampleReport({
        ...{ window, state: 'failed', reconciled: false, shards: 2, hops: [] },
        airflow: { dag_id: 'listening_window', run_id: long.slice(0, 250) },
        failure: { step: 'load', type: long, message: long },
      });
      await store.putJson(keys.report(window), report);
      const { seed, volume_shape } = report;
      const request = { window, events: 10, seed, shards: 2, volume_shape };
      await store.putJson(keys.keptStep(window, 'load'), {
        ...{ version: 1, step: 'load', request, workflow: { workflow_id: 'w', run_id: 'r' } },
        ...{ completed_at: '2025-02-01T00:00:00.000Z', result: load },
      });
    }
    const all = await parts(store, { failed: true, to: some.at(-1) });
    expect(windowsIn(all)).toEqual(some);
    expectSmall(all);
    const [first] = all[0]?.windows ?? [];
    expect(first).toMatchObject({ plays: true, days: [], from_step: 'generate' });
    expect(first?.why).toMatch(/^it failed at load: x+…$/);
    // A part holds fewer of them, and nothing is left out.
    expect(all.length).toBeGreaterThan(8);
  });

  test('names nothing but windows that are played, and where to go on', async () => {
    const all = await parts(memoryStore(), { failed: false });
    expect(windowsIn(all)).toEqual([]);
    expect(all.length).toBeGreaterThan(50);
  });

  test('is the longest there is', () => {
    expect(windowsOf(YEAR).length).toBeLessThanOrEqual(MOST_PLANNED);
  });
});
