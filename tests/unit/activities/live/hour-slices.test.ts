import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HourSlices } from '../../../../activities/live/hour-slices.ts';
import { generateShard } from '../../../../generator/generate.ts';

const WINDOW = '2026-01-05T08:00Z';
const START = Date.parse('2026-01-05T08:00:00Z');
const EVENTS = 50_000;

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reprise-slices-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const request = { window: WINDOW, events: EVENTS, seed: 3, shards: 1, shard: 0 };
const order = (
  fromMs: number,
  generate = (write: (lines: Buffer) => Promise<void>) => generateShard(request, write),
) => ({
  startMs: START,
  events: EVENTS,
  generate,
  fromMs,
  change: (record: Buffer) => record,
  folder: join(folder, 'hour'),
  signal: new AbortController().signal,
});

/** What is taken from the slices, one after the other, from an instant on. */
async function taken(slices: HourSlices, fromMs: number): Promise<{ due: number; record: string }[]> {
  const all: { due: number; record: string }[] = [];
  for (let at = fromMs; at < slices.endMs; at = slices.sliceEnd(at))
    for (const { due, record } of await slices.take(at)) all.push({ due, record: record.toString('latin1') });
  return all;
}

async function generated(): Promise<string[]> {
  const lines: Buffer[] = [];
  await generateShard(request, (some) => void lines.push(some));
  return Buffer.concat(lines).toString('latin1').split('\n').slice(0, -1);
}

test('an hour comes out in the order in which it is due, each record once and as it was', async () => {
  const slices = await HourSlices.made(order(START));
  expect((await readdir(join(folder, 'hour'))).length).toBeGreaterThan(1);
  const all = await taken(slices, START);
  expect(all.map(({ due }) => due)).toEqual(all.map(({ due }) => due).toSorted((a, b) => a - b));
  expect(all.map(({ record }) => record).toSorted()).toEqual((await generated()).toSorted());
  expect(await readdir(join(folder, 'hour'))).toEqual([]);
});

test('begun in the middle it holds what is due from there on, and nothing else', async () => {
  const from = START + 1_234_567;
  const whole = await taken(await HourSlices.made(order(START)), START);
  const rest = await taken(await HourSlices.made(order(from)), from);
  expect(rest).toEqual(whole.filter(({ due }) => START + due >= from));
  expect(rest.length).toBeGreaterThan(EVENTS / 3);
});

test('an hour in which nothing is due is empty, and one that is given up leaves its folder to its owner', async () => {
  const empty = await HourSlices.made(order(START, async () => undefined as never));
  expect(await taken(empty, START)).toEqual([]);
  await empty.remove();
  expect(await readdir(folder)).toEqual([]);
  const stopped = AbortSignal.abort(new Error('told to end'));
  await expect(HourSlices.made({ ...order(START), signal: stopped })).rejects.toThrow('told to end');
});
