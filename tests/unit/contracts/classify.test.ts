import fc from 'fast-check';
import { expect, test } from 'vitest';
import { classify, recordKey } from '../../../contracts/classify.ts';
import { EVENT_CONTRACTS, EVENT_TYPES, ListeningEvent, MAX_MS_PLAYED } from '../../../contracts/events.ts';

const END = Date.parse('2026-01-05T09:00:00Z');

const event = {
  event_type: 'track_played',
  event_id: '0b1c9d3e-5f27-4a8b-9c6d-000000000001',
  schema_version: 1,
  occurred_at: '2026-01-05T08:15:30.125Z',
  sent_at: '2026-01-05T08:15:31.002Z',
  listener_id: 'l-3f9a0c71d2e4',
  session_id: 's-1',
  device: 'mobile',
  country: 'SE',
  source: 'synthetic',
  track_id: 't-000042',
  ms_played: 201_500,
  reason_start: 'trackdone',
  reason_end: 'trackdone',
  shuffle: false,
  offline: false,
  context: 'own_collection',
};
const bytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

test('the sentence names the field, its value and what it must be', () => {
  expect(classify(bytes({ ...event, ms_played: -5 }), END)).toEqual({
    valid: false,
    reason_code: 'impossible_value',
    field: 'ms_played',
    reason: `ms_played is -5; it must be between 0 and ${MAX_MS_PLAYED}`,
  });
});

test('no bytes make it throw, and random ones are no event', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (anything) => {
      expect(classify(anything, END).valid).toBe(false);
    }),
    { numRuns: 300 },
  );
});

test('zod and the rules agree on every change of one field', () => {
  const fields = [...new Set(EVENT_TYPES.flatMap((type) => Object.keys(EVENT_CONTRACTS[type].shape)))];
  fc.assert(
    fc.property(
      fc.constantFrom(...fields),
      fc.oneof(
        fc.jsonValue(),
        fc.constantFrom(0, 1, -1, 1.5, MAX_MS_PLAYED, MAX_MS_PLAYED + 1, 'SE', 'tv', '', ...EVENT_TYPES),
        fc.date({ min: new Date(0), max: new Date(END), noInvalidDate: true }).map((at) => at.toISOString()),
      ),
      (field, value) => {
        const changed = JSON.parse(JSON.stringify({ ...event, [field]: value }));
        expect(classify(bytes(changed), END).valid).toBe(ListeningEvent.safeParse(changed).success);
      },
    ),
    { numRuns: 1_500 },
  );
});

test('the key is the listener, even of a record that is cut off', () => {
  const text = JSON.stringify(event);
  expect(recordKey(text)).toBe(event.listener_id);
  expect(recordKey(text.slice(0, text.indexOf('session_id')))).toBe(event.listener_id);
  expect(recordKey(text.slice(0, 40))).toBeNull();
  expect(recordKey('{"listener_id":null}')).toBeNull();
});
