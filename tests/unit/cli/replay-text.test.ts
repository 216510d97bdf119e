import { describe, expect, test } from 'vitest';
import { planText, playedText } from '../../../cli/replay-text.ts';
import type { PlannedWindow } from '../../../contracts/replay-plan.ts';
import { outcomeOf, type ReplayRecord } from '../../../contracts/replay.ts';
import { sampleReport } from './sample-report.ts';

const window = '2026-01-05T08:00Z';
const plan = (changes: Partial<PlannedWindow> = {}): PlannedWindow => ({
  ...{ window, state: 'failed', plays: true, why: 'it failed at load: TimedOut' },
  request: { window, events: 100, seed: 1, shards: 2, volume_shape: 'flat' },
  ...{
    from_step: 'load',
    because: 'no result is kept of it',
    refused: null,
    days: ['2026-01-04', '2026-01-05'],
  },
  played_by: null,
  amends: [],
  ...changes,
});

describe('the plan', () => {
  const idle = plan({ window: '2026-01-05T09:00Z', plays: false, why: 'it came through' });
  const text = planText([plan(), idle], 2);

  test('says which windows, which steps, and why', () => {
    expect(text).toContain('1 of 2 windows would be played again, at most 2 at a time; nothing was started');
    expect(text).toContain('request     100 events, seed 1, 2 shards, flat');
    expect(text).toContain('kept        generate, publish, ingest, reconcile, compact');
    expect(text).toContain('run         load, build, publish serving');
    expect(text).toContain('days        2026-01-04, 2026-01-05');
    expect(text).toContain('2026-01-05T09:00Z  it came through');
  });

  test('says what would change, as it was found out', () => {
    const changes = [
      { step: 'load', what: '90 events in the warehouse are replaced' } as const,
      { step: 'publish_serving', what: 'a first snapshot is published' } as const,
    ];
    const said = planText([plan({ changes })], 1);
    expect(said).toContain('  changes     load: 90 events in the warehouse are replaced');
    expect(said).toContain('              publish serving: a first snapshot is published');
    expect(text).not.toContain('changes');
  });

  test('counts a window that cannot be played among none of them, and says why', () => {
    const refused = plan({ window: '2026-01-05T10:00Z', refused: 'it cannot begin at load' });
    const said = planText([plan(), idle, refused], 2);
    expect(said).toContain('1 of 3 windows would be played again');
    expect(said).toContain('cannot be played\n  2026-01-05T10:00Z  it cannot begin at load');
    expect(playedText([], [plan(), refused])).toContain('cannot be played\n  2026-01-05T10:00Z');
  });
});

describe('what came of the replays', () => {
  const outcome = outcomeOf(sampleReport());
  const raw = (content_hash: string) => ({ events: { total: 8, content_hash, by: {} } });
  const before = { ...outcome, holds: raw('00000000000000aa') };
  const record: ReplayRecord = {
    ...{ version: 1, window, order: { by: 'me', why: 'x' }, from_step: 'load' },
    ...{ started_at: '2026-03-01T00:00:00.000Z', ended_at: '2026-03-01T00:00:05.000Z' },
    ...{ workflow: { workflow_id: 'w', run_id: 'r' }, airflow: null, before, after: before },
    ...{ compared_with: null, identical: true, differences: [], amended: [], remarks: [] },
  };
  const played = { window, record, reconciled: true, why: undefined, notes: [] };

  test('is one table, with the hashes before and after', () => {
    const text = playedText([played]);
    expect(text).toMatch(/2026-01-05T08:00Z +load +reconciled +reconciled +5\.0 +yes +yes/);
    expect(text).toMatch(/2026-01-05T08:00Z events +00000000000000aa +00000000000000aa +=/);
  });

  test('a difference and a refusal are said', () => {
    const other = {
      ...record,
      ...{ after: { ...before, holds: raw('00000000000000bb') }, identical: false },
      differences: ['events had another hash.'],
    };
    const text = playedText([
      { ...played, record: other },
      { ...played, record: undefined, reconciled: false, why: 'it cannot begin at load', notes: ['a note'] },
    ]);
    expect(text).toContain('DIFFERS');
    expect(text).toContain('  events had another hash.');
    expect(text).toContain('  it cannot begin at load\n  npx reprise report 2026-01-05T08:00Z\n  a note');
  });
});
