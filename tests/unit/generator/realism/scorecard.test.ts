import { expect, test, vi } from 'vitest';
import { scoreWorld } from '../../../../generator/realism/run.ts';
import { judge, TARGETS, type Verdict } from '../../../../generator/realism/scorecard.ts';
import { STATISTICS } from '../../../../generator/realism/statistics.ts';
import { GROUPS, Tally } from '../../../../generator/realism/tally.ts';
import type { Target } from '../../../../generator/realism/targets.ts';
import { NAIVE_WORLD } from './naive-world.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

test('every row has its statistic, and every statistic its row', () => {
  expect(TARGETS.map(({ id }) => id).sort()).toEqual(Object.keys(STATISTICS).sort());
});

test('every target says where its tolerance comes from, and has a range', () => {
  const wrong = TARGETS.filter(
    ({ low, high, sourceError, because }) => low > high || sourceError < 0 || because === '',
  );
  expect(wrong).toEqual([]);
});

test('no simpler model lies within what the source leaves open', () => {
  const wrong = TARGETS.filter(
    ({ low, high, sourceError, rival }) =>
      rival && rival.value >= low - sourceError && rival.value <= high + sourceError,
  );
  expect(wrong).toEqual([]);
});

const target: Target = {
  ...{ id: 'skipped', label: '', unit: '%', low: 50, high: 52, sourceError: 1, because: '', source: '' },
  rival: { value: 45, model: '' },
};

/** Half of the listeners' groups are `spread` points above the rate, half below. */
function verdict(rate: number, spread = 0): Verdict | undefined {
  const tally = new Tally();
  for (let group = 0; group < GROUPS; group++) {
    tally.add('plays|all', group, 100);
    tally.add('skips|all', group, rate + (group % 2 === 0 ? spread : -spread));
  }
  return judge(tally, [target])[0]?.verdict;
}

test('a value may miss the range by what the source leaves open', () => {
  expect([48.9, 49, 51, 53, 53.1].map((rate) => verdict(rate))).toEqual([
    'drifted',
    'met',
    'met',
    'met',
    'drifted',
  ]);
});

test('and by what sampling leaves open', () => {
  // A standard error of 7 / sqrt(39).
  expect(verdict(46.6, 7)).toBe('met');
  expect(verdict(46.3, 7)).toBe('drifted');
});

test('a row that could not fail does not pass', () => {
  expect(verdict(51, 20)).toBe('too few events');
});

test('nothing observed is no success', () => {
  expect(judge(new Tally()).filter((row) => row.verdict !== 'drifted')).toEqual([]);
});

test('a naive world passes nowhere where a simpler model is told apart', async () => {
  const { rows, counted } = await scoreWorld(NAIVE_WORLD, {
    start: '2026-01-14T00:00Z',
    days: 14,
    heavy: { slots: 20, plays: 9_000, days: 500 },
  });
  expect(counted.playbacks).toBeGreaterThan(90_000);
  const met = rows.filter(({ verdict, rival }) => verdict === 'met' && rival).map(({ id }) => id);
  // It skips half of its playbacks, as if somebody had fitted that one number.
  expect(met).toEqual(['skipped', 'skipped-teenagers']);
  expect(rows.filter(({ verdict }) => verdict === 'drifted').length).toBeGreaterThan(30);
});
