import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CatalogueTrack } from '../../../contracts/lake.ts';
import { AliasTable } from '../../../generator/alias-table.ts';
import { catalogueNdjson, catalogueOf } from '../../../generator/catalogue.ts';
import { instantText, uuidText } from '../../../generator/encode.ts';
import { COUNTRIES, localTimes } from '../../../generator/geography.ts';
import { Population } from '../../../generator/listeners.ts';
import { Random } from '../../../generator/random.ts';

test('instants are written as Date writes them', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: Date.UTC(2099, 0, 1) }), (ms) => {
      expect(instantText(ms)).toBe(new Date(ms).toISOString());
    }),
  );
});

test('event ids are UUIDs of version 4, all different', () => {
  const random = new Random('ids');
  const ids = Array.from({ length: 5_000 }, () => uuidText(random));
  const form = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  expect(ids.filter((id) => !form.test(id))).toEqual([]);
  expect(new Set(ids).size).toBe(ids.length);
});

test('an alias table draws by weight', () => {
  const table = new AliasTable([5, 0, 3, 2]);
  const random = new Random('alias');
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < 20_000; i++) counts[table.at(random.unit())]!++;
  expect(counts[1]).toBe(0);
  expect((counts[0] as number) / 20_000).toBeCloseTo(0.5, 1);
  expect((counts[3] as number) / 20_000).toBeCloseTo(0.2, 1);
});

test('random streams are uniform, and differ by name', () => {
  const mean = (name: string): number => {
    const random = new Random(name);
    let sum = 0;
    for (let i = 0; i < 20_000; i++) sum += random.unit();
    return sum / 20_000;
  };
  expect(mean('a')).toBeCloseTo(0.5, 2);
  expect(mean('a')).not.toBe(mean('b'));
});

test('the catalogue follows its contract, is stable, and knows every track once', () => {
  const { tracks } = catalogueOf(1);
  expect(tracks).toHaveLength(20_000);
  expect(new Set(tracks.map(({ track_id }) => track_id)).size).toBe(20_000);
  expect(new Set(tracks.map(({ artist_id }) => artist_id)).size).toBe(2_000);
  for (const track of tracks) CatalogueTrack.parse(track);
  const before = catalogueNdjson(1);
  catalogueOf(2);
  expect(catalogueNdjson(1) === before).toBe(true);
  expect(before.endsWith('}\n')).toBe(true);
});

test('the clocks change where they change', () => {
  const hourIn = (code: string, at: string): number | undefined =>
    localTimes(Date.parse(at))[COUNTRIES.findIndex((country) => country.code === code)]?.hour;
  expect(hourIn('SE', '2026-01-05T08:00Z')).toBe(9);
  expect(hourIn('SE', '2026-03-29T00:00Z')).toBe(1);
  expect(hourIn('SE', '2026-03-29T01:00Z')).toBe(3);
  expect(hourIn('SE', '2026-10-25T01:00Z')).toBe(2);
  expect(hourIn('US', '2026-07-05T08:00Z')).toBe(3);
  expect(hourIn('US', '2026-12-05T08:00Z')).toBe(2);
  expect(hourIn('IN', '2026-07-05T08:00Z')).toBe(13);
});

test('a listener is the same whenever asked', () => {
  const one = new Population(catalogueOf(1));
  const other = new Population(catalogueOf(1));
  const ids = new Set<string>();
  for (let index = 0; index < 300; index++) {
    const listener = one.listener(index);
    expect(other.listener(index)).toEqual(listener);
    expect(one.collectionTrack(listener, 3)).toBe(other.collectionTrack(listener, 3));
    ids.add(listener.listenerId);
  }
  expect(ids.size).toBe(300);
});
