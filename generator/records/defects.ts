import { MAX_MS_PLAYED, MAX_RECORD_BYTES } from '../../contracts/events.ts';
import type { QuarantineReason } from '../../contracts/quarantine.ts';
import type { Random } from '../random.ts';

/** Shares of the records, each of [0, 1]. A reason's rate plants records that are to be quarantined for it. */
export type DefectRates = Record<QuarantineReason | 'duplicate' | 'late' | 'out_of_order', number>;

export const DEFAULT_DEFECT_RATES: DefectRates = {
  duplicate: 0.005,
  late: 0.01,
  out_of_order: 0.01,
  oversized: 0.0001,
  malformed_json: 0.002,
  unknown_event_type: 0.0005,
  unsupported_version: 0.0005,
  missing_field: 0.001,
  wrong_type: 0.001,
  invalid_value: 0.0005,
  impossible_value: 0.001,
  time_in_future: 0.0005,
};

export const NO_DEFECTS = Object.fromEntries(
  Object.keys(DEFAULT_DEFECT_RATES).map((kind) => [kind, 0]),
) as DefectRates;

type Fields = Record<string, unknown>;

const pick = <T>(choices: readonly T[], random: Random): T => choices[random.below(choices.length)] as T;

/** Changes the record's fields and writes it again. Records hold bytes as latin1, and so does what comes out. */
function rewritten(record: string, change: (fields: Fields) => void): string {
  const fields = JSON.parse(record) as Fields;
  change(fields);
  return JSON.stringify(fields);
}

/** Bytes that are no JSON object, and no line break among them: the landing area keeps a record a line. */
function malformed(record: string, random: Random): string {
  switch (random.below(5)) {
    case 0:
      return record.slice(0, random.between(1, record.length - 1));
    case 1: {
      // 0xFF stands nowhere in UTF-8.
      const at = random.between(1, record.length - 1);
      return `${record.slice(0, at)}\xff\xfe${record.slice(at)}`;
    }
    case 2:
      return `[${record}]`;
    case 3:
      return `${record}${record.slice(0, random.between(1, 40))}`;
    default:
      return `<html><body>502 Bad Gateway ${random.bits()}</body></html>`;
  }
}

const REQUIRED = ['event_id', 'occurred_at', 'sent_at', 'listener_id', 'session_id', 'device', 'country'];

/** Ways to break a record so that `classify` gives exactly that reason. */
export const CORRUPTIONS: Record<
  QuarantineReason,
  (record: string, random: Random, windowEndMs: number) => string
> = {
  oversized: (record, random) =>
    `${record.slice(0, -1)},"debug":"${'x'.repeat(MAX_RECORD_BYTES + random.below(4_000))}"}`,
  malformed_json: malformed,
  unknown_event_type: (record, random) =>
    record.replace(
      /"event_type":"[a-z_]+"/,
      `"event_type":"${pick(['advert_heard', 'track_shared', 'track-played', ''], random)}"`,
    ),
  unsupported_version: (record, random) =>
    record.replace('"schema_version":1', `"schema_version":${pick(['2', '0', '"1"', '1.1'], random)}`),
  missing_field: (record, random) =>
    rewritten(record, (fields) => {
      const field = pick([...REQUIRED, Object.keys(fields).at(-1) as string], random);
      if (random.chance(0.5)) fields[field] = null;
      else delete fields[field];
    }),
  wrong_type: (record, random) =>
    rewritten(record, (fields) => {
      if ('ms_played' in fields) {
        const ms = fields.ms_played as number;
        fields.ms_played = pick([String(ms), ms + 0.5, true, { ms }], random);
      } else fields.country = pick([46, ['SE'], false], random);
    }),
  invalid_value: (record, random) =>
    rewritten(record, (fields) => {
      const [field, value] = pick(
        [
          ['device', 'fridge'],
          ['country', 'Sweden'],
          ['event_id', '42'],
          ['occurred_at', 'yesterday'],
          ['occurred_at', '2026-02-30T10:00:00Z'],
          ['listener_id', 'somebody@example.org'],
        ] as const,
        random,
      );
      fields[field] = value;
    }),
  impossible_value: (record, random) =>
    rewritten(record, (fields) => {
      if ('ms_played' in fields)
        fields.ms_played = pick([-1, -random.between(2, 300_000), MAX_MS_PLAYED + 1, 9_999_999_999], random);
      else fields.position = -1;
    }),
  time_in_future: (record, random, windowEndMs) => {
    const future = new Date(windowEndMs + 600_000 + random.below(400 * 86_400_000)).toISOString();
    return record.replace(/"occurred_at":"[^"]+"/, `"occurred_at":"${future}"`);
  },
};

/** Whether an event of the type can be broken so: only playbacks and playlist places hold a number to exaggerate. */
export function canCorrupt(reason: QuarantineReason, eventType: string): boolean {
  return reason !== 'impossible_value' || (eventType !== 'track_liked' && eventType !== 'playlist_created');
}
