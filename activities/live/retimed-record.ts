import type { SimulatedClock } from '../../contracts/live.ts';
import { realAt } from './clock.ts';

const INSTANTS = ['occurred_at', 'sent_at'].map((name) => Buffer.from(`"${name}":"`));
const INSTANT_LENGTH = '2026-01-05T08:15:30.125Z'.length;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
const EVENT_ID = Buffer.from('"event_id":"');
const ID_DIGITS = 8;
const HEX = /^[0-9a-f]{8}$/;

/**
 * The record as it would have been sent in real time: its instants are moved from the simulated clock to the real one, and
 * its id is made one of this run: the same simulated hour may pass more than once, and must not look like a repetition
 * then. What is broken on purpose stays broken. At speed 1 the two clocks are one, and nothing is changed.
 *
 * @param dueMs simulated instant at which the record is due; what is said to lie behind it keeps its distance in the future
 */
export function retimedRecord(record: Buffer, clock: SimulatedClock, dueMs: number): Buffer {
  if (clock.speed === 1) return record;
  const moved = Buffer.from(record);
  for (const name of INSTANTS) {
    const at = moved.indexOf(name);
    if (at === -1) continue;
    const start = at + name.length;
    const text = moved.toString('latin1', start, start + INSTANT_LENGTH);
    const ms = INSTANT.test(text) ? Date.parse(text) : Number.NaN;
    if (Number.isNaN(ms)) continue;
    const real = ms > dueMs ? realAt(clock, dueMs) + (ms - dueMs) : realAt(clock, ms);
    moved.write(new Date(Math.floor(real)).toISOString(), start, 'latin1');
  }
  changeId(moved, clock.real_start_ms);
  return moved;
}

/** The same change for every record of a run, so that what is sent twice still has one id. */
function changeId(record: Buffer, run: number): void {
  const at = record.indexOf(EVENT_ID);
  if (at === -1) return;
  const start = at + EVENT_ID.length;
  const text = record.toString('latin1', start, start + ID_DIGITS);
  if (!HEX.test(text)) return;
  const digits = (Number.parseInt(text, 16) ^ scrambled(run)) >>> 0;
  record.write(digits.toString(16).padStart(ID_DIGITS, '0'), start, 'latin1');
}

/** 32 bits of an instant, of which neighbours have nothing in common. */
function scrambled(ms: number): number {
  const folded = ((ms % 0x1_0000_0000) ^ Math.floor(ms / 0x1_0000_0000)) >>> 0;
  const mixed = Math.imul(folded ^ (folded >>> 16), 0x85eb_ca6b);
  return Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35) >>> 0;
}
