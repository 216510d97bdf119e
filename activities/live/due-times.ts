/** A record and when it is to be sent, in milliseconds after the start of its hour. */
export interface DueRecord {
  due: number;
  record: Buffer;
}

const NEWLINE = 0x0a;
const SENT_AT = Buffer.from('"sent_at":"');
/** `2026-01-05T08:`: the hour that `sent_at` must name. */
const HOUR_CHARACTERS = 14;

/**
 * The records of some lines that stand in the order of their arrival, as the generator hands them over. A record is due
 * when it says that it was sent; one that stands behind a later one (sent twice, or out of order) or says nothing (broken
 * on purpose) when the one before it is.
 */
export function* dueRecords(lines: Buffer, hourStartMs: number): Generator<DueRecord> {
  const hour = new Date(hourStartMs).toISOString().slice(0, HOUR_CHARACTERS);
  let due = 0;
  let from = 0;
  for (let end = lines.indexOf(NEWLINE); end !== -1; end = lines.indexOf(NEWLINE, from)) {
    const record = lines.subarray(from, end);
    due = Math.max(due, sentAt(record, hour));
    yield { due, record };
    from = end + 1;
  }
}

/** Milliseconds of the hour; -1 when the record does not say it. */
function sentAt(record: Buffer, hour: string): number {
  const at = record.indexOf(SENT_AT);
  if (at === -1) return -1;
  const start = at + SENT_AT.length;
  const text = record.toString('latin1', start, start + HOUR_CHARACTERS + 10);
  if (!text.startsWith(hour)) return -1;
  const ms = Number(text.slice(14, 16)) * 60_000 + Number(text.slice(17, 23)) * 1_000;
  return Number.isNaN(ms) ? -1 : Math.round(ms);
}
