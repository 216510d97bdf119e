import { WINDOW_REPORT_VERSION, type WindowReport } from '../../../contracts/report.ts';
import { STEPS } from '../../../contracts/steps.ts';

const HASH = '00000000000000ff';

/** A window of ten records that came through: eight valid, one quarantined, one duplicate. */
export function sampleReport(changes: Partial<WindowReport> = {}): WindowReport {
  return {
    version: WINDOW_REPORT_VERSION,
    window: '2026-01-05T08:00Z',
    window_start: '2026-01-05T08:00:00.000Z',
    window_end: '2026-01-05T09:00:00.000Z',
    state: 'completed',
    reconciled: true,
    source: 'synthetic',
    seed: 1,
    events_requested: 10,
    volume_shape: 'flat',
    requested_by: 'command line',
    started_at: '2026-03-01T00:00:00.000Z',
    ended_at: '2026-03-01T00:00:41.250Z',
    counts: { arrived: 10, valid: 8, quarantined: 1, duplicates: 1 },
    valid_by_type: { track_played: 6, track_skipped: 2 },
    quarantined_by_reason: { malformed_json: 1 },
    hops: [
      {
        hop: 'raw',
        expected: { total: 10, content_hash: HASH, by: {} },
        observed: { total: 10, content_hash: HASH, by: {} },
        matches: true,
        differences: [],
      },
      {
        hop: 'events',
        expected: { total: 8, content_hash: null, by: { track_played: 6, track_skipped: 2 } },
        observed: { total: 8, content_hash: null, by: { track_played: 6, track_skipped: 2 } },
        matches: true,
        differences: [],
      },
    ],
    steps: STEPS.map((step, index) => ({
      step,
      state: 'completed',
      started_at: '2026-03-01T00:00:00.000Z',
      ended_at: '2026-03-01T00:00:05.000Z',
      seconds: index + 0.5,
      attempts: 1,
      failure: null,
    })),
    serving_version: '20260301T000041Z',
    failure: null,
    links: {
      temporal: 'http://127.0.0.1:18034/namespaces/default/workflows/w/r/history',
      airflow: null,
      dashboard: 'http://127.0.0.1:18051',
    },
    workflow: { workflow_id: 'window/2026-01-05T08:00Z', run_id: 'r' },
    airflow: null,
    ...changes,
  };
}
