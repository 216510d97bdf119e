import type { Ledger } from '../contracts/ledger.ts';
import { WindowRequest } from '../contracts/steps.ts';
import { WINDOW_MS, type WindowId, windowStartMs } from '../contracts/window.ts';
import { catalogueOf } from './catalogue/catalogue.ts';
import { type Listener, type PlannedSession, Population } from './listeners/population.ts';
import { Random, unitAt } from './random.ts';
import { Cell } from './records/cell.ts';
import { DEFAULT_DEFECT_RATES, type DefectRates } from './records/defects.ts';
import { LedgerBuilder } from './records/ledger.ts';
import { TrackSet } from './records/track-set.ts';
import { Player } from './sessions/play-session.ts';
import { crossesItsHour, hourOf, recordsOf, slotsOf } from './window-plan.ts';

/** Records of a cell, at most. */
const CELL_RECORDS = 4_000;

/** Between an event and its arrival, milliseconds. */
const LEAST_LAG_MS = 120;
const LAG_SPREAD_MS = 2_400;

/** The first and the last window of which every instant, late or in the future, stays in the contract's years. */
const EARLIEST_MS = Date.UTC(2000, 1, 1);
const LATEST_MS = Date.UTC(2098, 0, 1);

/** Longest session, and what it may overrun. */
const LONGEST_SESSION_HOURS = 7;

/** So many slots in a row without a session that counts mean that nobody is left: the model is at fault. */
const HOPELESS_SLOTS = 1_000_000;

export interface ShardRequest extends WindowRequest {
  /** 0 to shards - 1 */
  shard: number;
  rates?: Partial<DefectRates>;
}

export interface GeneratedShard {
  ledger: Ledger;
  bytes: number;
  /** The tracks that valid records of the shard mention, ascending. */
  tracks: Uint32Array;
}

/** Takes some whole lines of the shard. Awaited, so that a slow writer slows the generator down. */
export type WriteLines = (lines: Buffer) => void | Promise<void>;

/** @throws RangeError when the window lies outside the years of the contract */
export function assertCanBeGenerated(window: WindowId): void {
  const startMs = windowStartMs(window);
  if (startMs < EARLIEST_MS || startMs >= LATEST_MS)
    throw new RangeError(`a window lies between 2000-02 and 2097-12, not at ${window}`);
}

/** One window of one world, cell by cell. */
class WindowGenerator {
  readonly cells: number;
  private readonly request: WindowRequest;
  private readonly rates: DefectRates;
  private readonly population: Population;
  private readonly player: Player;
  private readonly startMs: number;
  private readonly endMs: number;
  private readonly records: number;
  /** Slots of a cell by hours before the window's: who is in the world with a session that began then. */
  private readonly slots: number[] = [];

  constructor(request: WindowRequest, rates: Partial<DefectRates> = {}) {
    this.request = request;
    this.rates = { ...DEFAULT_DEFECT_RATES, ...rates };
    this.startMs = windowStartMs(request.window);
    this.endMs = this.startMs + WINDOW_MS;
    assertCanBeGenerated(request.window);
    const catalogue = catalogueOf(request.seed);
    this.population = new Population(request.seed, catalogue.genreShares);
    this.player = new Player(catalogue);
    // By what is asked for and not by what a window of a diurnal week holds: a listener stays in his cell.
    this.cells = Math.ceil(request.events / CELL_RECORDS);
    this.records = recordsOf(request, this.startMs, this.population);
  }

  private slotsBefore(hours: number): number {
    const known = this.slots[hours];
    if (known !== undefined) return known;
    const hourMs = this.startMs - hours * WINDOW_MS;
    const records = recordsOf(this.request, hourMs, this.population);
    // What is sent twice takes the room of two.
    const events = records / (1 + this.rates.duplicate);
    const slots = slotsOf(events, this.cells, hourMs, this.population);
    this.slots[hours] = slots;
    return slots;
  }

  /** An earlier hour in which fewer people listened has more slots, and its sessions may still be going on. */
  private mostSlots(): number {
    let most = 0;
    for (let hours = 0; hours <= LONGEST_SESSION_HOURS; hours++)
      most = Math.max(most, this.slotsBefore(hours));
    return most;
  }

  /** Whether a session that runs over an hour's end is in the world: as a whole, in all windows that it touches. */
  private isInTheWorld(place: number, session: PlannedSession): boolean {
    return place < this.slotsBefore(hourOf(this.startMs) - hourOf(session.startMs));
  }

  /** The lines of one cell; the ledger and the tracks learn of them. */
  cell(number: number, ledger: LedgerBuilder, tracks: TrackSet): Buffer {
    const { seed, window, events } = this.request;
    const quota =
      Math.floor((this.records * (number + 1)) / this.cells) -
      Math.floor((this.records * number) / this.cells);
    const random = new Random(`cell/${seed}/${window}/${events}/${number}`);
    const bounds = { startMs: this.startMs, endMs: this.endMs };
    const cell = new Cell(bounds, quota, this.rates, random, ledger, tracks);
    if (quota === 0) return cell.render();

    // First those that cross an edge of the hour, which other windows hold, too; the others fill what is left.
    const contained: { index: number; session: PlannedSession }[] = [];
    const visited = this.mostSlots();
    for (let place = 0; place < visited; place++)
      this.crossing(number + this.cells * place, place, cell, contained);
    for (const { index, session } of contained) {
      if (cell.isFull) break;
      this.play(index, session, cell);
    }
    for (let place = visited; !cell.isFull; place++) {
      if (place > visited + HOPELESS_SLOTS) throw new Error(`nobody listens in ${window}`);
      const index = number + this.cells * place;
      const rest: { index: number; session: PlannedSession }[] = [];
      this.crossing(index, place, cell, rest);
      for (const one of rest) this.play(one.index, one.session, cell);
    }
    return cell.render();
  }

  private crossing(
    index: number,
    place: number,
    cell: Cell,
    contained: { index: number; session: PlannedSession }[],
  ): void {
    const { startMs, endMs, rates } = this;
    for (const session of this.population.sessionsIn(index, startMs, endMs, rates.late)) {
      if (!crossesItsHour(session)) {
        if (session.burstMs !== undefined || session.startMs >= startMs) contained.push({ index, session });
      } else if (this.isInTheWorld(place, session)) this.play(index, session, cell);
    }
  }

  private play(index: number, session: PlannedSession, cell: Cell): void {
    const listener = this.population.listener(index, session.day);
    if (!listener || cell.isFull) return;
    cell.begin({
      lagMs: lagOf(listener, session),
      burstMs: session.burstMs,
      isOffline: session.burstMs !== undefined,
    });
    this.player.play(listener, session, cell);
  }
}

/** One for a session: so an event is sent at the same instant in every window that plays the session. */
function lagOf(listener: Listener, session: PlannedSession): number {
  return LEAST_LAG_MS + Math.floor(LAG_SPREAD_MS * unitAt(listener.key ^ session.day, session.place, 41));
}

/** Between turns the event loop runs: a worker's heartbeat must not wait for a shard. */
const CELLS_A_TURN = 8;

/**
 * Generates one shard of a window: exactly its share of the window's records, as NDJSON. The same request gives the
 * same bytes on every machine; all shards together hold the same records whatever their number.
 *
 * @throws ZodError, RangeError when the request is none
 */
export async function generateShard(request: ShardRequest, write: WriteLines): Promise<GeneratedShard> {
  const { shard, rates } = request;
  const window = WindowRequest.parse(request);
  if (!Number.isInteger(shard) || shard < 0 || shard >= window.shards)
    throw new RangeError(`shard ${shard} is not one of 0 to ${window.shards - 1}`);
  const generator = new WindowGenerator(window, rates);
  const ledger = new LedgerBuilder(window);
  const tracks = new TrackSet();
  let bytes = 0;
  let turn = 0;
  for (let cell = shard; cell < generator.cells; cell += window.shards) {
    const lines = generator.cell(cell, ledger, tracks);
    bytes += lines.length;
    await write(lines);
    if (++turn % CELLS_A_TURN === 0) await new Promise<void>((resolve) => setImmediate(resolve));
  }
  return { ledger: ledger.ledger(), bytes, tracks: Uint32Array.from(tracks) };
}
