import { hash } from 'node:crypto';
import { expect, it } from 'vitest';
import { DigestSet } from '../../../activities/digest-set.ts';

const digest = (number: number): Buffer => hash('md5', String(number), 'buffer');

it('knows what it holds, also after it has grown', () => {
  const set = new DigestSet(4);
  for (let number = 0; number < 10_000; number += 1) expect(set.add(digest(number))).toBe(true);
  for (let number = 0; number < 10_000; number += 1) expect(set.add(digest(number))).toBe(false);
  expect(set.size).toBe(10_000);
});

it('holds a digest of zeroes, and tells halves apart', () => {
  const set = new DigestSet(4);
  const of = (...bytes: number[]): Buffer => Buffer.from(bytes);
  expect(set.add(of(0, 0, 0, 0, 0, 0, 0, 0))).toBe(true);
  expect(set.add(of(0, 0, 0, 0, 0, 0, 0, 0))).toBe(false);
  expect(set.add(of(0, 0, 0, 5, 0, 0, 0, 0))).toBe(true);
  expect(set.add(of(0, 0, 0, 0, 0, 0, 0, 5))).toBe(true);
  expect(set.add(of(0, 0, 0, 5, 0, 0, 0, 0))).toBe(false);
});
