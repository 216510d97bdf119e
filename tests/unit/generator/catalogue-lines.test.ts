import { expect, test } from 'vitest';
import { CatalogueTrack } from '../../../contracts/lake.ts';
import { EVERGREENS } from '../../../generator/catalogue/catalogue.ts';
import { catalogueLines } from '../../../generator/catalogue/catalogue-lines.ts';

test('each track is one line, in the order given, whole lines at a time', () => {
  const tracks = [...Array.from({ length: 1_234 }, (_, place) => place * 7), EVERGREENS + 100_000];
  const handed = [...catalogueLines(4, tracks)];
  expect(handed.length).toBeGreaterThan(1);
  expect(handed.every((lines) => lines.endsWith('\n'))).toBe(true);
  const lines = handed.join('').trimEnd().split('\n');
  expect(lines.map((line) => CatalogueTrack.parse(JSON.parse(line)).track_id)).toEqual(
    tracks.map((track) => `t-${String(track).padStart(7, '0')}`),
  );
});

test('no track is no line', () => {
  expect([...catalogueLines(4, [])]).toEqual([]);
});
