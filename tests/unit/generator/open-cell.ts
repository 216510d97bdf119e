import { Device, ListeningEvent } from '../../../contracts/events.ts';
import { WINDOW_MS } from '../../../contracts/window.ts';
import { Random } from '../../../generator/random.ts';
import { Cell, type Delivery } from '../../../generator/records/cell.ts';
import { type DefectRates, NO_DEFECTS } from '../../../generator/records/defects.ts';
import { LedgerBuilder } from '../../../generator/records/ledger.ts';
import { TrackSet } from '../../../generator/records/track-set.ts';

export const WINDOW = '2026-01-05T08:00:00Z';
export const START = Date.parse(WINDOW);
export const LIVE: Delivery = { lagMs: 400, burstMs: undefined, isOffline: false };

/** A cell of one window, and what it told. */
export function openCell({
  quota = 4_000,
  rates = NO_DEFECTS,
  startMs = START,
  stream = 'cell',
}: {
  quota?: number;
  rates?: DefectRates;
  startMs?: number;
  stream?: string;
}): { cell: Cell; tracks: TrackSet; lines: () => Buffer[]; ledger: LedgerBuilder } {
  const ledger = new LedgerBuilder({ window: WINDOW, seed: 1, events: quota, shards: 1 });
  const tracks = new TrackSet();
  const bounds = { startMs, endMs: startMs + WINDOW_MS };
  const cell = new Cell(bounds, quota, rates, new Random(stream), ledger, tracks);
  const lines = (): Buffer[] => {
    const bytes = cell.render();
    const found: Buffer[] = [];
    for (let from = 0, to = 0; from < bytes.length; from = to + 1) {
      to = bytes.indexOf(0x0a, from);
      found.push(bytes.subarray(from, to));
    }
    return found;
  };
  return { cell, tracks, lines, ledger };
}

export const parsed = (line: Buffer): ListeningEvent =>
  ListeningEvent.parse(JSON.parse(line.toString('utf8')));

/** Sessions of every kind of event, one listener each, until the cell is full. */
export function fill(cell: Cell, random: Random, deliver: (session: number) => Delivery = () => LIVE): void {
  for (let session = 0; !cell.isFull; session++) {
    const delivery = deliver(session);
    cell.begin(delivery);
    cell.envelope(`l-${session}`, `s-${session}-x`, session % Device.options.length, 'SE');
    let at =
      delivery.burstMs === undefined ? START + random.below(WINDOW_MS - 200_000) : START - random.below(9e7);
    for (let place = 0; place < 12; place++) {
      at += 1 + random.below(15_000);
      const track = random.below(600_000);
      const goesOn =
        cell.playback(
          at,
          random.chance(0.5),
          track,
          random.below(300_000),
          random.below(7),
          random.below(7),
          random.chance(0.3),
          random.below(6),
        ) &&
        (!random.chance(0.2) || cell.like(at + 10, track, random.below(6))) &&
        (!random.chance(0.1) || cell.playlistCreated(at + 20, `p-${session}`, '"Nachts \xc3\xbcben"')) &&
        (!random.chance(0.1) || cell.playlistTrackAdded(at + 30, `p-${session}`, track, random.below(300)));
      if (!goesOn) break;
    }
  }
}
