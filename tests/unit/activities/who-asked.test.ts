import { describe, expect, test } from 'vitest';
import { type Askers, whoAsked } from '../../../activities/who-asked.ts';
import { BACKFILL_BY, CLEARED_BY, isReset, RESET_BY } from '../../../contracts/replay.ts';

const run = {
  ...{ window: '2026-01-05T08:00Z', started_at: '2026-03-01T00:00:00.000Z' },
  ...{ workflow: { workflow_id: 'w', run_id: 'r' }, airflow: { dag_id: 'd', run_id: 'scheduled__1' } },
};
const cleared = { by: CLEARED_BY('scheduled__1'), why: "the run's note: the disk was full" };
const backfilled = { by: BACKFILL_BY, why: 'x' };
const reset = { by: RESET_BY, why: 'its history says by whom and why' };

const airflow: Askers['airflow'] = {
  whoCleared: async (runId, before) => {
    expect([runId, before]).toEqual(['scheduled__1', run.started_at]);
    return 'ada';
  },
  whoBackfilled: async (window) => (window === run.window ? 'grace' : undefined),
};
const away: Askers = {
  airflow: {
    whoCleared: () => Promise.reject(new Error('away')),
    whoBackfilled: () => Promise.reject(new Error('away')),
  },
  resetOf: () => Promise.reject(new Error('away')),
};

describe('who has asked for a replay', () => {
  test('is the user of Airflow that its audit log names', async () => {
    expect(await whoAsked(cleared, run, { airflow })).toEqual({
      by: 'Airflow user ada, the task of scheduled__1 was cleared',
      why: cleared.why,
    });
    expect(await whoAsked(backfilled, run, { airflow })).toEqual({
      by: 'Airflow user grace (backfill)',
      why: 'x',
    });
  });

  test('of a reset is whoever its history names, which is nobody as Temporal writes it, with the reason', async () => {
    const said = (identity: string, reason: string) =>
      whoAsked(reset, run, { resetOf: async () => ({ identity, reason }) });
    const unknown = await said('history-service', 'the disk was full');
    expect(unknown).toEqual({ by: 'unknown (Temporal reset)', why: 'the disk was full' });
    const known = await said('ada@laptop', '');
    expect(known).toEqual({ by: 'ada@laptop (Temporal reset)', why: 'no reason was given' });
    expect([unknown, known, reset, cleared].map(isReset)).toEqual([true, true, true, false]);
  });

  test('is what the workflow said when nobody knows more, or answers', async () => {
    const person = { by: 'a person', why: 'to see it' };
    for (const askers of [{ airflow }, away, {}]) expect(await whoAsked(person, run, askers)).toEqual(person);
    for (const askers of [away, {}]) {
      expect(await whoAsked(cleared, run, askers)).toEqual(cleared);
      expect(await whoAsked(backfilled, run, askers)).toEqual(backfilled);
      expect((await whoAsked(reset, run, askers)).by).toBe('unknown (Temporal reset)');
    }
    // Of another run than the one that shows the window now, the log may know somebody; it is not this one's.
    const other = { ...cleared, by: CLEARED_BY('scheduled__2') };
    expect(await whoAsked(other, run, { airflow })).toEqual(other);
  });
});
