import { expect, test } from 'vitest';
import { AliasTable } from '../../../generator/alias-table.ts';
import { Random } from '../../../generator/random.ts';

const DRAWS = 20_000;

const mean = (random: Random): number => {
  let sum = 0;
  for (let i = 0; i < DRAWS; i++) sum += random.unit();
  return sum / DRAWS;
};

test('an alias table draws by weight', () => {
  const table = new AliasTable([5, 0, 3, 2]);
  const random = new Random('alias');
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < DRAWS; i++) counts[table.at(random.unit())]!++;
  expect(counts[1]).toBe(0);
  expect((counts[0] as number) / DRAWS).toBeCloseTo(0.5, 1);
  expect((counts[3] as number) / DRAWS).toBeCloseTo(0.2, 1);
});

test('random streams are uniform, and differ by name', () => {
  expect(mean(new Random('a'))).toBeCloseTo(0.5, 2);
  expect(mean(new Random('a'))).toBe(mean(new Random('a')));
  expect(mean(new Random('a'))).not.toBe(mean(new Random('b')));
});

test('a stream of three numbers depends on nothing that was drawn before, and on each of them', () => {
  const random = new Random('seeded');
  const drawn = (a: number, b: number, c: number): string => {
    random.seed(a, b, c);
    return Array.from({ length: 4 }, () => random.bits()).join(' ');
  };
  const streams = [
    [1, 2, 3],
    [2, 2, 3],
    [1, 3, 3],
    [1, 2, 4],
    [3, 2, 1],
    [0, 0, 0],
    [-1, 2, 3],
  ].map(([a, b, c]) => drawn(a as number, b as number, c as number));
  expect(new Set(streams).size).toBe(streams.length);
  random.unit();
  expect(drawn(1, 2, 3)).toBe(streams[0]);
  const first = new Random('seeded');
  let sum = 0;
  for (let i = 0; i < DRAWS; i++) {
    first.seed(77, i, 0);
    sum += first.unit();
  }
  expect(sum / DRAWS).toBeCloseTo(0.5, 2);
});
