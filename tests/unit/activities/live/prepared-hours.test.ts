import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HourSlices } from '../../../../activities/live/hour-slices.ts';
import { type FillHour, PreparedHours } from '../../../../activities/live/prepared-hours.ts';

const HOUR = 3_600_000;
const START = Date.parse('2026-01-05T08:00:00Z');

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reprise-hours-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const empty: FillHour = (order) =>
  HourSlices.made({ ...order, events: 1, generate: async () => undefined, change: (record) => record });

/** Hours from the first on, and from which instant each was made. */
function noted(fill = empty) {
  const made: [number, number][] = [];
  const hours = new PreparedHours((order) => {
    made.push([(order.startMs - START) / HOUR, order.fromMs - START]);
    return fill(order);
  }, folder);
  return { hours, made };
}

test('the next hour is made in the second half of the one before, once, and taken over', async () => {
  const { hours, made } = noted();
  const first = await hours.holding(START + 1_000);
  expect(await hours.holding(START + 0.4 * HOUR)).toBe(first);
  expect(made).toEqual([[0, 1_000]]);
  await hours.holding(START + 0.6 * HOUR);
  await hours.holding(START + 0.9 * HOUR);
  expect((await hours.holding(START + HOUR)).startMs).toBe(START + HOUR);
  expect(made).toEqual([
    [0, 1_000],
    [1, HOUR],
  ]);
  await hours.close();
  expect(await readdir(folder)).toEqual([String(START + HOUR)]);
});

test('an hour that nobody was there for is thrown away', async () => {
  const { hours, made } = noted();
  await hours.holding(START + 0.9 * HOUR);
  const later = await hours.holding(START + 5.25 * HOUR);
  expect(later.startMs).toBe(START + 5 * HOUR);
  expect(made).toEqual([
    [0, 0.9 * HOUR],
    [1, HOUR],
    [5, 5.25 * HOUR],
  ]);
  await hours.close();
  expect(await readdir(folder)).toEqual([String(START + 5 * HOUR)]);
});

test('a failure is told when the hour is wanted, and closing waits for what is being made', async () => {
  const { hours, made } = noted((order) =>
    order.startMs === START ? empty(order) : Promise.reject(new Error('no such year')),
  );
  await hours.holding(START + 0.9 * HOUR);
  expect(made.length).toBe(2);
  await expect(hours.holding(START + HOUR)).rejects.toThrow('no such year');

  const ended = Promise.withResolvers<void>();
  let aborted = false;
  const slow = noted(async (order) => {
    if (order.startMs === START) return empty(order);
    order.signal.addEventListener('abort', () => setImmediate(ended.resolve));
    await ended.promise;
    aborted = order.signal.aborted;
    throw new Error('told to end');
  });
  await slow.hours.holding(START + 0.9 * HOUR);
  await slow.hours.close();
  expect(aborted).toBe(true);
});
