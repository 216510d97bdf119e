import { catalogueOf, type TrackRef } from './catalogue.ts';

/** Worth a write of its own, and done in a few milliseconds: a heartbeat need not wait for all. */
const TRACKS_AT_A_TIME = 500;

/** The tracks as NDJSON of `CatalogueTrack`, in the order given; some whole lines at a time, for there may be many. */
export function* catalogueLines(seed: number, tracks: Iterable<TrackRef>): Generator<string> {
  const catalogue = catalogueOf(seed);
  let lines = '';
  let held = 0;
  for (const track of tracks) {
    lines += `${JSON.stringify(catalogue.describe(track))}\n`;
    if (++held < TRACKS_AT_A_TIME) continue;
    yield lines;
    lines = '';
    held = 0;
  }
  if (held > 0) yield lines;
}
