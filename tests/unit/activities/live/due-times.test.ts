import { expect, test } from 'vitest';
import { dueRecords } from '../../../../activities/live/due-times.ts';

const HOUR = Date.parse('2026-01-05T08:00:00Z');
const sent = (at: string) => `{"event_id":"x","sent_at":"${at}"}`;
const dues = (...lines: string[]): number[] =>
  [...dueRecords(Buffer.from(lines.map((line) => `${line}\n`).join('')), HOUR)].map(({ due }) => due);

test('a record is due when it says that it was sent', () => {
  expect(
    dues(
      sent('2026-01-05T08:00:00.000Z'),
      sent('2026-01-05T08:00:01.007Z'),
      sent('2026-01-05T08:59:59.999Z'),
    ),
  ).toEqual([0, 1_007, 3_599_999]);
});

test('one that stands behind a later one, or says nothing of use, is due with the one before it', () => {
  expect(
    dues(
      '<html>502</html>',
      sent('2026-01-05T08:10:00.000Z'),
      sent('2026-01-05T08:05:00.000Z'),
      sent('yesterday'),
      sent('2026-01-05T07:59:59.999Z'),
      sent('2026-01-06T08:20:00.000Z'),
      '{"sent_at":null}',
      '{"sent_at":"2026-01-05T08:1',
      sent('2026-01-05T08:11:00.000Z'),
    ),
  ).toEqual([0, 600_000, 600_000, 600_000, 600_000, 600_000, 600_000, 600_000, 660_000]);
});

test('the bytes of each record stay as they are', () => {
  const odd = Buffer.from([0x7b, 0xff, 0xfe, 0x22, 0x0a]);
  const [one] = [...dueRecords(odd, HOUR)];
  expect(one?.record.equals(odd.subarray(0, 4))).toBe(true);
});
