import { describe, expect, test } from 'vitest';
import { cameThrough, reportText } from '../../../cli/report-text.ts';
import { outcomeOf, type ReplayRecord, RESET_UNKNOWN } from '../../../contracts/replay.ts';
import { sampleReport } from './sample-report.ts';

describe('a report for a person', () => {
  test('of a window that came through', () => {
    expect(reportText(sampleReport())).toMatchInlineSnapshot(`
      "2026-01-05T08:00Z  completed, reconciled, 41.3 s
        asked for   10 events, seed 1, by command line
        arrived     10 = 8 valid + 1 quarantined + 1 duplicates
        serving     20260301T000041Z

      hop    expected observed    expected hash    observed hash equal
      raw          10       10 00000000000000ff 00000000000000ff   yes
      events        8        8                -                -   yes

      by type       events
      track_played       6
      track_skipped      2

      quarantined, and why
               1  malformed_json
                  The bytes are not a JSON object in UTF-8.

      step                state seconds attempts
      generate        completed     0.5        1
      publish         completed     1.5        1
      ingest          completed     2.5        1
      reconcile       completed     3.5        1
      compact         completed     4.5        1
      load            completed     5.5        1
      build           completed     6.5        1
      publish serving completed     7.5        1

      temporal   http://127.0.0.1:18034/namespaces/default/workflows/w/r/history
      dashboard  http://127.0.0.1:18051"
    `);
  });

  test('of a window whose ledger was amended, with how many records and as what', () => {
    const moved = ['2 records fewer quarantined as invalid_value: 3, not 5.'];
    const amended = { by: 'me', why: 'fridges listen too', at: '2026-03-01T00:00:00.000Z', moved };
    expect(reportText({ ...sampleReport(), amended })).toContain(
      `the ledger was amended 2026-03-01T00:00Z by me: fridges listen too\n  ${moved[0]}\n`,
    );
    expect(reportText(sampleReport())).not.toContain('amended');
  });

  test('of an hour that filled by itself', () => {
    const live = { ...sampleReport(), source: 'live', events_requested: 0, seed: 0 };
    expect(reportText(live)).toContain('  asked for   what had arrived by itself, by command line\n');
  });

  test('of a window whose number of events was not fixed', () => {
    const text = reportText(sampleReport({ events_requested: 20_000, volume_shape: 'diurnal' }));
    expect(text).toContain('asked for   about 20,000 events an hour (diurnal), seed 1, by command line\n');
  });

  test('says in words what differs', () => {
    const [raw, events] = sampleReport().hops;
    if (!raw || !events) throw new Error('the sample has two hops');
    const hops = [
      { ...raw, matches: false, differences: ['raw holds 9 records, the ledger expects 10: 1 are missing.'] },
      events,
    ];
    const failure = { step: 'reconcile', type: 'DataQualityFailed', message: 'raw differs' } as const;
    const text = reportText(
      sampleReport({ hops, reconciled: false, state: 'failed', failure, ended_at: null }),
    );
    expect(text).toContain('2026-01-05T08:00Z  failed, DOES NOT RECONCILE\n');
    expect(text).toContain('  failure     reconcile: DataQualityFailed: raw differs');
    expect(text).toContain('  raw: raw holds 9 records, the ledger expects 10: 1 are missing.');
  });

  test('shows types across the hops, and what was expected where it was not found', () => {
    const [raw, events] = sampleReport().hops;
    if (!raw || !events) throw new Error('the sample has two hops');
    const by = { track_played: 7, track_skipped: 2, unreadable: 1 };
    const hops = [
      { ...raw, expected: { ...raw.expected, by }, observed: { ...raw.observed, by } },
      { ...events, observed: { ...events.observed, by: { track_played: 5, track_skipped: 2 } } },
    ];
    expect(reportText(sampleReport({ hops }))).toContain(
      ['by type       raw events', 'track_played    7  5 (6)', 'track_skipped   2      2'].join('\n'),
    );
  });

  test('of a window that never reached a hop makes no claim', () => {
    const text = reportText(
      sampleReport({ hops: [], reconciled: false, state: 'failed', quarantined_by_reason: {} }),
    );
    expect(text).toContain('failed, not reconciled');
    expect(text).toContain('no hop was reached');
    expect(text).not.toContain('quarantined, and why');
  });

  test.each([
    ['cancelled', 'not reconciled'],
    ['failed', 'not reconciled'],
    ['running', 'not reconciled yet'],
  ] as const)(
    'of a window that is %s is not called reconciled although all hops are equal',
    (state, verdict) => {
      // A report of an earlier version says that it is.
      for (const reconciled of [true, false]) {
        const report = sampleReport({ state, reconciled, ended_at: null });
        expect(reportText(report).split('\n')[0]).toBe(`2026-01-05T08:00Z  ${state}, ${verdict}`);
        expect(cameThrough(report)).toBe(false);
      }
      expect(cameThrough(sampleReport())).toBe(true);
      expect(cameThrough(sampleReport({ reconciled: false }))).toBe(false);
    },
  );

  test('names the marts that are served', () => {
    const side = { total: 5, content_hash: null, by: { sessions: 5 } };
    const serving = {
      hop: 'serving',
      expected: side,
      observed: side,
      matches: true,
      differences: [],
    } as const;
    expect(reportText(sampleReport({ hops: [{ ...serving, differences: [] }] }))).toContain(
      'serving by mart',
    );
  });

  test('fits 80 columns but for links', () => {
    const quarantined_by_reason = { invalid_value: 12_345, unsupported_version: 1, unknown_event_type: 9 };
    const lines = reportText(sampleReport({ quarantined_by_reason })).split('\n');
    expect(lines.filter((line) => line.length > 80 && !line.includes('http'))).toEqual([]);
  });

  test('with its last replays', () => {
    const outcome = outcomeOf(sampleReport());
    const record: ReplayRecord = {
      ...{ version: 1, window: '2026-01-05T08:00Z', order: { by: 'admin', why: 'the disk was full' } },
      ...{ from_step: 'publish_serving', started_at: '2026-03-01T00:00:00.000Z', ended_at: null },
      ...{ workflow: { workflow_id: 'w', run_id: 'r' }, airflow: null, compared_with: null },
      ...{ before: { ...outcome, state: 'failed' }, after: outcome, identical: true },
      ...{ differences: [], amended: [], remarks: ['serving held 7 of sessions and holds 8.'] },
    };
    const text = reportText(sampleReport(), [record, { ...record, after: null, identical: null }]);
    expect(text).toContain('  2026-03-01T00:00Z  from publish serving, by admin: the disk was full');
    expect(text).toContain('failed before, completed after, reconciled, identical');
    expect(text).toContain('serving held 7 of sessions and holds 8.');
    expect(text).toContain('failed before, not ended yet');
    const joined = reportText(sampleReport(), [{ ...record, joined: [{ by: 'another', why: 'to see it' }] }]);
    expect(joined).toContain('joined by another: to see it');
  });

  test('with what makes Airflow tell the same after a reset', () => {
    const outcome = outcomeOf(sampleReport());
    const reset: ReplayRecord = {
      ...{
        version: 1,
        window: '2026-01-05T08:00Z',
        order: { by: RESET_UNKNOWN, why: 'the disk was full' },
      },
      ...{ from_step: 'generate', started_at: '2026-03-01T00:00:00.000Z', ended_at: null },
      ...{ workflow: { workflow_id: 'w', run_id: 'r' }, airflow: null, compared_with: null },
      ...{ before: outcome, after: outcome, identical: true, differences: [], amended: [], remarks: [] },
    };
    const mend = 'npx reprise replay --window 2026-01-05T08:00Z --from-step publish_serving';
    const shown = { dag_id: 'listening_window', run_id: 'scheduled' };
    expect(reportText(sampleReport(), [{ ...reset, airflow: shown }])).toContain(mend);
    expect(reportText(sampleReport(), [reset])).not.toContain(mend);
  });
});
