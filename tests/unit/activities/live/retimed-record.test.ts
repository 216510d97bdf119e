import { expect, test } from 'vitest';
import { realAt, simulatedAt } from '../../../../activities/live/clock.ts';
import { retimedRecord } from '../../../../activities/live/retimed-record.ts';
import { classify } from '../../../../contracts/classify.ts';
import { generateShard } from '../../../../generator/generate.ts';

const START = Date.parse('2026-01-05T08:00:00.000Z');
const clock = (speed: number, real = START) => ({ real_start_ms: real, simulated_start_ms: START, speed });
const record = (fields: Record<string, unknown>) => Buffer.from(JSON.stringify(fields));
const fieldsOf = (bytes: Buffer): Record<string, unknown> => JSON.parse(bytes.toString()) as never;

test('the two clocks are each other’s inverse', () => {
  const fast = clock(24, START + 3_333);
  expect(simulatedAt(fast, realAt(fast, START + 7_200_000))).toBeCloseTo(START + 7_200_000, 3);
  expect(realAt(fast, START + 24_000)).toBe(START + 3_333 + 1_000);
});

test('at speed 1 nothing is changed, not even copied', () => {
  const bytes = record({ occurred_at: '2026-01-05T08:10:00.000Z' });
  expect(retimedRecord(bytes, clock(1), START)).toBe(bytes);
});

test('instants are moved to real time, late ones too, and what lies in the future keeps its distance', () => {
  const moved = (occurred_at: string) =>
    fieldsOf(
      retimedRecord(
        record({ occurred_at, sent_at: '2026-01-05T08:24:00.000Z' }),
        clock(24),
        START + 24 * 60_000,
      ),
    );
  expect(moved('2026-01-05T08:12:00.000Z')).toEqual({
    occurred_at: '2026-01-05T08:00:30.000Z',
    sent_at: '2026-01-05T08:01:00.000Z',
  });
  expect(moved('2026-01-05T07:36:00.000Z').occurred_at).toBe('2026-01-05T07:59:00.000Z');
  expect(moved('2026-01-06T08:24:00.000Z').occurred_at).toBe('2026-01-06T08:01:00.000Z');
});

test('what is broken stays as it is', () => {
  const broken = record({ event_id: '42', occurred_at: 'yesterday', sent_at: '2026-02-30T10:00:00Z' });
  expect(retimedRecord(broken, clock(24), START).equals(broken)).toBe(true);
  const cut = Buffer.from('{"event_id":"0123');
  expect(retimedRecord(cut, clock(24), START).equals(cut)).toBe(true);
});

test('an id is another one in another run, and the same in the same run', () => {
  const bytes = record({ event_id: '00c0ffee-0000-4000-8000-000000000000' });
  const [one, again, other] = [START, START, START + 1].map(
    (real) => fieldsOf(retimedRecord(bytes, clock(60, real), START)).event_id,
  );
  expect(one).toBe(again);
  expect(one).not.toBe(other);
  expect(one).toMatch(/^[0-9a-f]{8}-0000-4000-8000-000000000000$/);
  expect(bytes.includes('00c0ffee')).toBe(true);
});

test('what is valid in an hour of the generator is valid in real time, as many of it and no more ids', async () => {
  const window = '2026-01-05T08:00Z';
  const lines: Buffer[] = [];
  const request = { window, events: 4_000, seed: 7, shards: 1, shard: 0 };
  await generateShard(request, (some) => void lines.push(some));
  const records = Buffer.concat(lines)
    .toString('latin1')
    .split('\n')
    .slice(0, -1)
    .map((line) => Buffer.from(line, 'latin1'));
  const verdicts = (all: readonly Buffer[]) =>
    all.map((bytes) => {
      const verdict = classify(bytes, START + 3_600_000);
      return verdict.valid ? 'valid' : verdict.reason_code;
    });
  const moved = records.map((bytes) => retimedRecord(bytes, clock(24), START + 3_599_999));
  expect(verdicts(moved)).toEqual(verdicts(records));
  const ids = (all: readonly Buffer[]) =>
    new Set(all.flatMap((bytes) => /"event_id":"([0-9a-f-]{36})"/.exec(bytes.toString('latin1'))?.[1] ?? []));
  expect(ids(moved).size).toBe(ids(records).size);
});
