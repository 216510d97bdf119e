import { randomUUID } from 'node:crypto';
import { SCHEMA_VERSION } from '../../contracts/events.ts';
import type { QuarantineReason } from '../../contracts/quarantine.ts';
import type { WindowId } from '../../contracts/window.ts';
import { generateShard } from '../../generator/generate.ts';

const HOUR_MS = 3_600_000;

/** A playback that ends now, of a client whose clock is right. */
export function playback(changes: Record<string, unknown> = {}): Buffer {
  const now = new Date().toISOString();
  return Buffer.from(
    JSON.stringify({
      ...{ event_type: 'track_played', event_id: randomUUID(), schema_version: SCHEMA_VERSION },
      ...{ occurred_at: now, sent_at: now, listener_id: 'l-live', session_id: 's-live' },
      ...{ device: 'mobile', country: 'SE', source: 'client', track_id: 't-live', ms_played: 180_000 },
      ...{ reason_start: 'clickrow', reason_end: 'trackdone', shuffle: false, offline: false },
      ...{ context: 'radio', ...changes },
    }),
  );
}

export const playbacks = (count: number): Buffer[] => Array.from({ length: count }, () => playback());

/** What a topic gets that anybody may write to. */
export interface Trouble {
  value: Buffer | null;
  /** Null: it is an event like any other. */
  reason: QuarantineReason | null;
}

/** Every way in which a record may be wrong, or look wrong: none of them may stop the stream. */
export function troubles(): Trouble[] {
  const at = (ms: number): string => new Date(Date.now() + ms).toISOString();
  const bad = (reason: QuarantineReason, ...values: (Buffer | null)[]): Trouble[] =>
    values.map((value) => ({ value, reason }));
  const day = 24 * HOUR_MS;
  return [
    ...bad(
      'malformed_json',
      null,
      Buffer.alloc(0),
      Buffer.from('poison'),
      Buffer.from([0xff, 0xfe, 0x00, 0x80]),
      Buffer.from('[]'),
      Buffer.from(`{"event_type":"track_played","a":${'['.repeat(20_000)}`),
      playback().subarray(0, 100),
    ),
    ...bad('oversized', Buffer.alloc(900_000, 'x'), playback({ note: 'x'.repeat(70_000) })),
    ...bad(
      'unsupported_version',
      playback({ schema_version: SCHEMA_VERSION + 1 }),
      playback({ schema_version: '1' }),
      playback({ schema_version: 9e99 }),
    ),
    ...bad('unknown_event_type', playback({ event_type: 'track_dreamt' }), playback({ event_type: 7 })),
    ...bad('missing_field', playback({ listener_id: null })),
    ...bad('wrong_type', playback({ ms_played: '180000' })),
    ...bad(
      'invalid_value',
      playback({ country: 'Sweden' }),
      playback({ occurred_at: '2026-02-30T00:00:00Z' }),
    ),
    ...bad('impossible_value', playback({ ms_played: -1 })),
    // A clock that is a day ahead, and one that has never been set.
    ...bad(
      'time_in_future',
      playback({ occurred_at: at(day), sent_at: at(day) }),
      playback({ sent_at: at(day) }),
    ),
    { value: playback({ occurred_at: '2000-01-01T00:00:00Z' }), reason: null },
    // From a device that was offline: hours late, in no order.
    ...[5, 1, 11, 3, 8].map((hours) => ({
      value: playback({ occurred_at: at(-hours * HOUR_MS) }),
      reason: null,
    })),
    // What a later client says beyond the contract.
    { value: playback({ mood: 'calm', nested: { deep: [1, { deeper: null }] } }), reason: null },
  ];
}

/** The records of a window, broken ones and repetitions included, in the order in which they would arrive. */
export async function generatedRecords(window: WindowId, events: number, seed: number): Promise<Buffer[]> {
  const portions: Buffer[] = [];
  const request = { window, events, seed, shards: 1, shard: 0, volume_shape: 'flat' as const };
  // The generator goes on using the memory of what it hands over.
  await generateShard(request, (lines) => void portions.push(Buffer.from(lines)));
  const bytes = Buffer.concat(portions);
  const records: Buffer[] = [];
  for (let from = 0; from < bytes.length; ) {
    const to = bytes.indexOf(10, from);
    records.push(bytes.subarray(from, to < 0 ? bytes.length : to));
    from = to < 0 ? bytes.length : to + 1;
  }
  return records;
}
