import { expect, test } from 'vitest';
import type { DueRecord } from '../../../../activities/live/due-times.ts';
import { type PacedSlice, sendWhenDue } from '../../../../activities/live/pacing.ts';

const START = Date.parse('2026-01-05T08:00:00Z');

/** A clock that moves when somebody waits, and by what a send takes. */
function paced(dues: readonly number[], { speed = 1, from = START, sendMs = 0 } = {}) {
  let now = from;
  const sent: { at: number; name: string }[] = [];
  const positions: number[] = [];
  const stop = new AbortController();
  const records: DueRecord[] = dues.map((due, place) => ({ due, record: Buffer.from(`${place}`) }));
  const slice: PacedSlice = {
    startMs: START,
    records,
    clock: { real_start_ms: START, simulated_start_ms: START, speed },
    time: {
      now: () => now,
      wait: async (ms) => {
        now += ms;
      },
    },
    signal: stop.signal,
    send: async (some) => {
      now += sendMs;
      for (const name of some) sent.push({ at: now - START, name: name.toString() });
    },
    onSent: (position) => positions.push(position - START),
    onWait: () => undefined,
  };
  return { slice, sent, positions, stop };
}

test('nothing is sent before it is due, and all soon after, in its order', async () => {
  const dues = [0, 10, 400, 401, 5_000, 5_000, 9_999];
  const { slice, sent } = paced(dues);
  await sendWhenDue(slice);
  expect(sent.map(({ name }) => Number(name))).toEqual(dues.map((_, place) => place));
  for (const { at, name } of sent) {
    const due = dues[Number(name)] ?? 0;
    expect(at).toBeGreaterThanOrEqual(due);
    expect(at).toBeLessThanOrEqual(due + 50);
  }
});

test('at another speed the same records take another time', async () => {
  const { slice, sent } = paced([0, 60_000, 3_600_000], { speed: 60 });
  await sendWhenDue(slice);
  expect(sent.map(({ at }) => at)).toEqual([0, 1_000, 60_000]);
});

test('what is overdue goes at once, some thousand at a time, and those due together stay together', async () => {
  const dues = [
    ...Array.from({ length: 4_999 }, (_, place) => place),
    ...Array.from({ length: 10 }, () => 6_000),
    7_000,
  ];
  const { slice, sent, positions } = paced(dues, { from: START + 60_000, sendMs: 1 });
  await sendWhenDue(slice);
  expect(sent.length).toBe(dues.length);
  expect(new Set(sent.map(({ at }) => at - 60_000))).toEqual(new Set([1, 2]));
  // After the first request only what is left is not vouched for.
  expect(positions[0]).toBe(7_000);
});

test('a position says of everything before it that it was sent, and of nothing after it', async () => {
  const dues = [0, 100, 200, 300, 1_000, 1_050];
  const { slice, sent, positions } = paced(dues);
  const seen: [number, number][] = [];
  const { onSent } = slice;
  slice.onSent = (position, records) => {
    onSent(position, records);
    seen.push([position - START, sent.length]);
  };
  await sendWhenDue(slice);
  for (const [position, count] of seen) expect(dues.filter((due) => due < position).length).toBe(count);
  expect(positions).toEqual(positions.toSorted((one, other) => one - other));
});

test('it ends between two requests when it is told to', async () => {
  const { slice, sent, positions, stop } = paced([0, 500, 1_000, 1_500]);
  slice.onWait = () => sent.length === 2 && stop.abort();
  await sendWhenDue(slice);
  expect(sent.length).toBe(2);
  expect(positions.at(-1)).toBeGreaterThan(500);
  expect(positions.at(-1)).toBeLessThanOrEqual(1_000);
});
