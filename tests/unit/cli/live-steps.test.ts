import { describe, expect, test, vi } from 'vitest';
import type { Sighting } from '../../../cli/follow-window.ts';
import { stepDisplay, stepLine } from '../../../cli/live-steps.ts';
import type { StepReport, WindowProgress } from '../../../contracts/report.ts';
import { STEPS, type StepName } from '../../../contracts/steps.ts';

const window = '2026-01-05T08:00Z';
const NOW = Date.parse('2026-03-01T00:00:20Z');

function sighting(
  changes: Partial<Record<StepName, Partial<StepReport>>>,
  state: WindowProgress['state'] = 'running',
): Sighting {
  const steps = STEPS.map((step) => ({
    step,
    state: 'pending' as const,
    started_at: null,
    ended_at: null,
    seconds: null,
    attempts: 0,
    failure: null,
    ...changes[step],
  }));
  return { at: 'steps', progress: { window, state, step: null, steps } };
}

const done = (seconds: number): Partial<StepReport> => ({ state: 'completed', seconds, attempts: 1 });
const running: Partial<StepReport> = { state: 'running', started_at: '2026-03-01T00:00:08Z', attempts: 1 };

describe('a window’s line on a terminal', () => {
  test.each([
    ['waiting', undefined, '  2026-01-05T08:00Z  ········  waiting'],
    [
      'asked for',
      { at: 'asked', did: 'replayed' },
      '  2026-01-05T08:00Z  ········  asked Airflow to play it again',
    ],
    [
      'in a step',
      sighting({ generate: done(3), publish: done(5), ingest: running }),
      '  2026-01-05T08:00Z  ●●◐·····  3/8 ingest                     12 s of 20 s',
    ],
    [
      'in a second attempt',
      sighting({ generate: { ...running, attempts: 2 } }),
      '  2026-01-05T08:00Z  ◐·······  1/8 generate, attempt 2        12 s of 12 s',
    ],
    [
      'failed',
      sighting(
        { generate: { state: 'failed', seconds: 4, attempts: 1 }, publish: { state: 'skipped' } },
        'failed',
      ),
      '  2026-01-05T08:00Z  ✗-······  1/8 generate failed            4 s of 4 s',
    ],
  ] as [string, Sighting | undefined, string][])('%s', (_, seen, line) => {
    expect(stepLine(window, seen, NOW)).toBe(line);
    expect([...line].length).toBeLessThan(80);
  });

  test('is drawn over in place, and left standing at the end', () => {
    vi.useFakeTimers();
    try {
      const written: string[] = [];
      const display = stepDisplay([window], {
        isTTY: true,
        columns: 80,
        write: (text) => written.push(text),
      });
      display.seen(window, { at: 'asked', did: 'triggered' });
      display.close();
      expect(written.at(-1)).toContain('asked Airflow for it');
      expect(written.at(-1)?.startsWith('\u001b[1F')).toBe(true);
      const count = written.length;
      vi.advanceTimersByTime(5_000);
      expect(written.length).toBe(count);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a window in a log', () => {
  const log = (sightings: Sighting[]): string => {
    let written = '';
    const display = stepDisplay([window], { isTTY: false, write: (text) => (written += text) });
    for (const one of sightings) display.seen(window, one);
    display.close();
    return written;
  };

  test('has one line for each change, however often it is seen', () => {
    const first = sighting({ generate: done(3), publish: running });
    const second = sighting({ generate: done(3), publish: { ...running, attempts: 2 } });
    const third = sighting({ generate: done(3), publish: { ...done(14.25), attempts: 2 } }, 'completed');
    expect(log([{ at: 'asked', did: 'started' }, first, first, second, third])).toBe(
      [
        `${window}  started its workflow`,
        `${window}  generate completed after 3.0 s`,
        `${window}  publish started`,
        `${window}  publish started again (attempt 2)`,
        `${window}  publish completed after 14.3 s, attempt 2`,
        '',
      ].join('\n'),
    );
  });

  test('says why a step failed', () => {
    const failure = { type: 'Unavailable', message: 'Kafka does not answer' };
    expect(
      log([sighting({ publish: { state: 'failed', seconds: 1, attempts: 8, failure } }, 'failed')]),
    ).toBe(`${window}  publish failed after 1.0 s, attempt 8: Unavailable: Kafka does not answer\n`);
  });
});
