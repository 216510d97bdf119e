import { describe, expect, it } from 'vitest';
import { HopName, WindowReport } from '../../../contracts/report.ts';
import { STEPS } from '../../../contracts/steps.ts';
import { WindowProgressLog } from '../../../workflows/window-progress.ts';

const START = Date.parse('2026-01-05T09:00:00Z');
const input = { window: '2026-01-05T08:00Z', events: 10, seed: 1, shards: 1, requested_by: 'a test' };
const log = () => new WindowProgressLog(input, { workflow_id: 'w', run_id: 'r' }, START);

describe('WindowProgressLog', () => {
  it('begins with every step pending, and is a report from the first moment', () => {
    const report = WindowReport.parse(log().report());
    expect(report.steps.map(({ step }) => step)).toEqual([...STEPS]);
    expect(report).toMatchObject({ state: 'running', reconciled: false, airflow: null, ended_at: null });
  });

  it('says how the events were asked for; without a word it was so many in each window', () => {
    const earlier = { ...log().report(), volume_shape: undefined };
    expect(WindowReport.parse(earlier)).toMatchObject({ events_requested: 10, volume_shape: 'flat' });
    const asked = { ...input, volume_shape: 'diurnal' } as const;
    const report = new WindowProgressLog(asked, { workflow_id: 'w', run_id: 'r' }, START).report();
    expect(report).toMatchObject({ events_requested: 10, volume_shape: 'diurnal' });
  });

  it('keeps time and attempts of a step', () => {
    const window = log();
    window.begin('generate', START);
    expect(window.progress()).toMatchObject({ step: 'generate', state: 'running' });
    window.end('generate', START + 1_250, 3, 'completed');
    expect(window.report().steps[0]).toEqual({
      step: 'generate',
      state: 'completed',
      started_at: '2026-01-05T09:00:00.000Z',
      ended_at: '2026-01-05T09:00:01.250Z',
      seconds: 1.25,
      attempts: 3,
      failure: null,
    });
  });

  it('closes with the failed step named and the rest skipped', () => {
    const window = log();
    window.begin('generate', START);
    window.end('generate', START, 1, { type: 'Unavailable', message: 'no store' });
    window.close('failed', START, { type: 'Unavailable', message: 'no store' });
    const report = window.report();
    expect(report.failure).toEqual({ step: 'generate', type: 'Unavailable', message: 'no store' });
    expect(report.steps.map(({ state }) => state)).toEqual(['failed', ...Array(7).fill('skipped')]);
  });

  describe('is reconciled', () => {
    const count = { total: 1, content_hash: null, by: {} };
    const hops = HopName.options.map((hop) => ({
      ...{ hop, expected: count, observed: count, matches: true, differences: [] },
    }));
    const closed = (state: WindowReport['state'], found: WindowReport['hops']) => {
      const window = log();
      window.hops = found;
      if (state !== 'running') window.close(state, START);
      return window.report().reconciled;
    };

    it('when it is completed and every hop is there and matches', () => {
      expect(closed('completed', hops)).toBe(true);
      expect(closed('completed', [])).toBe(false);
      expect(closed('completed', hops.slice(0, -1))).toBe(false);
      expect(closed('completed', hops.with(2, { ...hops[2]!, matches: false }))).toBe(false);
    });

    it.each(['running', 'failed', 'cancelled'] as const)('not when it is %s', (state) => {
      expect(closed(state, hops)).toBe(false);
    });
  });

  it('hands out reports that later steps do not change', () => {
    const window = log();
    const before = window.report();
    window.begin('generate', START);
    expect(before.steps[0]?.state).toBe('pending');
  });
});
