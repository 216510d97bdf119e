import type { Ledger } from '../../../contracts/ledger.ts';
import { type WindowId, WINDOW_MS, consecutiveWindows, windowStartMs } from '../../../contracts/window.ts';
import { catalogueOf, EVERGREENS } from '../../../generator/catalogue/catalogue.ts';
import type { Heard, TrackFacts } from './invariants.ts';
import { emitWindow, type Request, recount } from './recount.ts';

export interface HeardWindows extends Heard {
  ledgers: Ledger[];
}

/** What arrives in `count` windows from `first` on; each window is also held against its ledger. */
export async function hear(
  first: WindowId,
  count: number,
  request: Omit<Request, 'window'>,
): Promise<HeardWindows> {
  const events: Heard['events'][number][] = [];
  const ledgers: Ledger[] = [];
  for (const window of consecutiveWindows(first, count)) {
    const { lines, ledger } = await emitWindow({ ...request, window });
    events.push(...recount(lines, window).events);
    ledgers.push(ledger);
  }
  const startMs = windowStartMs(first);
  return { startMs, endMs: startMs + count * WINDOW_MS, events, ledgers, track: tracksOf(request.seed) };
}

function tracksOf(seed: number): Heard['track'] {
  const catalogue = catalogueOf(seed);
  const known = new Map<string, TrackFacts>();
  return (trackId) => {
    let facts = known.get(trackId);
    if (!facts) {
      const track = Number(trackId.slice(2));
      const { duration_ms, release_date } = catalogue.describe(track);
      facts = { durationMs: duration_ms, releasedOn: release_date, isEvergreen: track < EVERGREENS };
      known.set(trackId, facts);
    }
    return facts;
  };
}
