import { Readable } from 'node:stream';
import type { ObjectStore } from '../../clients/object-store.ts';
import { liveKeys } from '../../contracts/live.ts';

const DAY_MS = 86_400_000;
const WEEK_DAYS = 7;
/** 1 January 1970 was a Thursday: the first Friday is day 1. */
const FRIDAY = 1;

/** Number of the week of a day, from Friday to Thursday: new tracks come out on Fridays. */
export const releaseWeek = (ms: number): number => Math.floor((Math.floor(ms / DAY_MS) - FRIDAY) / WEEK_DAYS);

export interface LiveCatalogueDeps {
  store: ObjectStore;
  /** Numbers of all tracks that are out on a day, counted from 1970-01-01. */
  tracksUntil(day: number): Iterable<number>;
  /** The tracks as NDJSON, some whole lines at a time. */
  catalogue(seed: number, tracks: Iterable<number>): Iterable<string>;
}

/**
 * Writes every track that is out at that simulated instant, and next Friday's: the stream may still look into the old object
 * for some seconds after a new one was put.
 */
export async function writeLiveCatalogue(
  { store, tracksUntil, catalogue }: LiveCatalogueDeps,
  request: { seed: number; at_ms: number },
  pulse: { signal: AbortSignal; note(details: Record<string, unknown>): void },
): Promise<void> {
  const nextWeek = Math.floor(request.at_ms / DAY_MS) + WEEK_DAYS;
  const lines = withPauses(catalogue(request.seed, tracksUntil(nextWeek)), pulse);
  await store.putStream(liveKeys.catalogue, Readable.from(lines));
}

/** Between two turns the event loop runs: what is due now is sent meanwhile. */
async function* withPauses(
  lines: Iterable<string>,
  pulse: { signal: AbortSignal; note(details: Record<string, unknown>): void },
): AsyncGenerator<string> {
  let bytes = 0;
  for (const some of lines) {
    pulse.signal.throwIfAborted();
    yield some;
    bytes += some.length;
    pulse.note({ catalogue_bytes: bytes });
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
