import type { SimulatedClock } from '../../contracts/live.ts';
import { realAt, simulatedAt } from './clock.ts';
import type { DueRecord } from './due-times.ts';

/** Records that wait for the broker at a time. */
const MOST_AT_ONCE = 5_000;
/** Between two sends: a record waits half of it on average, and a request carries what has become due meanwhile. */
const TICK_MS = 50;
/** Longest sleep without a sign of life. */
const LONGEST_WAIT_MS = 1_000;

/** Real time, as the producer sees it. */
export interface Timepiece {
  now(): number;
  /** Ends early, without an error, once the signal is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export interface PacedSlice {
  /** Simulated start of the hour, from which `due` counts. */
  startMs: number;
  /** In the order in which they are due. */
  records: readonly DueRecord[];
  clock: SimulatedClock;
  time: Timepiece;
  signal: AbortSignal;
  send(records: readonly Buffer[]): Promise<void>;
  /** The broker has taken everything that was due before `position`. */
  onSent(position: number, records: number): void;
  onWait(): void;
}

/**
 * Sends each record once it is due, in their order; what is overdue at once. Returns when all are sent, or when the signal is
 * aborted: then between two requests.
 */
export async function sendWhenDue(slice: PacedSlice): Promise<void> {
  const { startMs, records, clock, time, signal } = slice;
  let next = 0;
  while (!signal.aborted) {
    const nowMs = Math.floor(simulatedAt(clock, time.now()) - startMs);
    const until = endOfDue(records, next, nowMs);
    const count = until - next;
    if (count > 0) await slice.send(records.slice(next, until).map(({ record }) => record));
    next = until;
    const upcoming = records[next];
    const isBacklog = upcoming !== undefined && upcoming.due <= nowMs;
    slice.onSent(startMs + (isBacklog ? upcoming.due : nowMs + 1), count);
    if (!upcoming) return;
    if (isBacklog) continue;
    const ms = realAt(clock, startMs + upcoming.due) - time.now();
    await time.wait(Math.min(LONGEST_WAIT_MS, Math.max(TICK_MS, ms)), signal);
    slice.onWait();
  }
}

/**
 * The place after the last record to be sent now. Records that are due together go together: the position is an instant, and
 * says of each of its records that it was sent.
 */
function endOfDue(records: readonly DueRecord[], from: number, nowMs: number): number {
  let end = from;
  while (end < records.length) {
    const { due } = records[end] as DueRecord;
    if (due > nowMs) break;
    if (end - from >= MOST_AT_ONCE && due !== records[end - 1]?.due) break;
    end++;
  }
  return end;
}
