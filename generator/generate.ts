import type { Ledger } from '../contracts/ledger.ts';
import { WindowRequest } from '../contracts/steps.ts';
import { WINDOW_MS, windowStartMs } from '../contracts/window.ts';
import { catalogueOf } from './catalogue.ts';
import { Cell } from './cell.ts';
import { DEFAULT_DEFECT_RATES, type DefectRates } from './defects.ts';
import { jsonBytes, sessionText } from './encode.ts';
import { type LocalTime, localTimes } from './geography.ts';
import { LedgerBuilder } from './ledger.ts';
import { type Listener, Population, sessionDevice } from './listeners.ts';
import { Random, unitAt } from './random.ts';
import { playSession, type World } from './sessions.ts';

const CELL_RECORDS = 500;
/** About one in ten listens in an hour and brings ten records: twice as many as records are enough at night, too. */
const LISTENERS_PER_RECORD = 2;
/** Even a tiny window chooses its listeners from this many. */
const FEWEST_LISTENERS = 400;

const MINUTE_MS = 60_000;
const SESSION_GAP_MS = 30 * MINUTE_MS;
const SECOND_SESSION_CHANCE = 0.12;
const LONGEST_LATENESS_HOURS = 72;

/** The first and the last window of which every instant, late or in the future, stays in the contract's years. */
const EARLIEST_MS = Date.UTC(2000, 1, 1);
const LATEST_MS = Date.UTC(2098, 0, 1);

export interface ShardRequest extends WindowRequest {
  /** 0 to shards - 1 */
  shard: number;
  rates?: Partial<DefectRates>;
}

export interface GeneratedShard {
  ledger: Ledger;
  bytes: number;
}

/** Takes some whole lines of the shard. Awaited, so that a slow writer slows the generator down. */
export type WriteLines = (lines: Buffer) => void | Promise<void>;

/** One window of one world: what its cells have in common. */
class WindowGenerator {
  private readonly request: WindowRequest;
  private readonly rates: DefectRates;
  private readonly world: World;
  private readonly startMs: number;
  private readonly clocks = new Map<number, LocalTime[]>();
  readonly cells: number;
  private readonly listeners: number;

  constructor(request: WindowRequest, rates: Partial<DefectRates> = {}) {
    this.request = request;
    this.rates = { ...DEFAULT_DEFECT_RATES, ...rates };
    this.startMs = windowStartMs(request.window);
    if (this.startMs < EARLIEST_MS || this.startMs >= LATEST_MS)
      throw new RangeError(`a window lies between 2000-02 and 2097-12, not at ${request.window}`);
    this.cells = Math.ceil(request.events / CELL_RECORDS);
    this.listeners = Math.max(FEWEST_LISTENERS, request.events * LISTENERS_PER_RECORD);
    const catalogue = catalogueOf(request.seed);
    this.world = {
      catalogue,
      population: new Population(catalogue),
      quotedPlaylistNames: catalogue.playlistNames.map(jsonBytes),
    };
  }

  private clocksAt(hour: number): LocalTime[] {
    let clocks = this.clocks.get(hour);
    if (!clocks) {
      clocks = localTimes(hour * WINDOW_MS);
      this.clocks.set(hour, clocks);
    }
    return clocks;
  }

  private isPresent(index: number, hour: number): boolean {
    return this.world.population.isPresent(index, hour, this.clocksAt(hour));
  }

  /** The lines of one cell; the ledger learns of them. */
  cell(cell: number, ledger: LedgerBuilder): Buffer {
    const { seed, window, events } = this.request;
    const quota = Math.floor((events * (cell + 1)) / this.cells) - Math.floor((events * cell) / this.cells);
    const random = new Random(`cell/${seed}/${window}/${events}/${cell}`);
    const bounds = { startMs: this.startMs, endMs: this.startMs + WINDOW_MS };
    const records = new Cell(bounds, quota, this.rates, random, ledger);
    let owesLateSession = false;
    for (const index of this.presentListeners(cell, random)) {
      const listener = this.world.population.listener(index);
      owesLateSession ||= random.chance(this.rates.late);
      if (owesLateSession && this.listenLate(listener, records, random)) owesLateSession = false;
      else this.listen(listener, records, random);
      if (records.isFull) break;
    }
    return records.render();
  }

  /** The cell's listeners who are there in this hour, in random order; when all have listened, endless guests. */
  private *presentListeners(cell: number, random: Random): Generator<number> {
    const hour = this.startMs / WINDOW_MS;
    const own = Math.floor((this.listeners - cell - 1) / this.cells) + 1;
    let step = random.between(1, own);
    while (greatestCommonDivisor(step, own) !== 1) step = (step % own) + 1;
    let place = random.below(own);
    for (let i = 0; i < own; i++) {
      place = (place + step) % own;
      const index = cell + this.cells * place;
      if (this.isPresent(index, hour)) yield index;
    }
    for (let index = cell + this.cells * own; ; index += this.cells) yield index;
  }

  /** One or two sessions of a listener that happen in the window. */
  private listen(listener: Listener, cell: Cell, random: Random): void {
    const endMs = this.startMs + WINDOW_MS;
    // Sessions that began up to half an hour ago go on, so that the hour does not begin in silence.
    const begin = this.startMs + Math.floor((random.unit() * 1.5 - 0.5) * WINDOW_MS);
    const isContinued = begin < this.startMs;
    let startMs = isContinued ? this.startMs + random.below(2_000) : begin;
    for (let session = 0; session < 2 && startMs < endMs && !cell.isFull; session++) {
      const plan = {
        startMs,
        limitMs: endMs,
        isContinued: isContinued && session === 0,
        isOffline: false,
        name: this.sessionName(listener, session),
      };
      cell.begin({
        session: this.sessionText(listener, plan.name, random),
        lagMs: random.between(120, 2_500),
        burstMs: undefined,
      });
      const lastEvent = playSession(this.world, listener, plan, random, cell.emit);
      if (!random.chance(SECOND_SESSION_CHANCE)) return;
      startMs = lastEvent + SESSION_GAP_MS + MINUTE_MS + Math.floor(random.exponential(10 * MINUTE_MS));
    }
  }

  /**
   * A session of an earlier hour, sent in one burst now: of an hour in which the listener was not heard of, and that
   * arrives in no other window, so that nobody is in two places at once.
   * @returns whether there is such an hour
   */
  private listenLate(listener: Listener, cell: Cell, random: Random): boolean {
    if (listener.index >= this.listeners) return false;
    const now = this.startMs / WINDOW_MS;
    let hour = now - 1;
    while (hoursLate(listener, hour) !== now - hour || this.isPresent(listener.index, hour))
      if (--hour < now - LONGEST_LATENESS_HOURS) return false;
    const plan = {
      startMs: hour * WINDOW_MS + random.below(WINDOW_MS / 2),
      limitMs: (hour + 1) * WINDOW_MS,
      isContinued: false,
      isOffline: random.chance(0.8),
      name: this.sessionName(listener, 9),
    };
    cell.begin({
      session: this.sessionText(listener, plan.name, random),
      lagMs: 0,
      burstMs: this.startMs + random.below(WINDOW_MS - MINUTE_MS),
    });
    playSession(this.world, listener, plan, random, cell.emit);
    return true;
  }

  private sessionName(listener: Listener, session: number): string {
    return `s-${listener.listenerId.slice(2)}-${(this.startMs / WINDOW_MS).toString(36)}-${session}`;
  }

  private sessionText(listener: Listener, sessionId: string, random: Random): string {
    const { listenerId, country } = listener;
    return sessionText({ listenerId, country, sessionId, device: sessionDevice(listener, random.unit()) });
  }
}

/** After how many hours what a listener heard offline in `hour` arrives: mostly within a day, settled for ever. */
function hoursLate(listener: Listener, hour: number): number {
  const hours = 1 + Math.floor(-9 * Math.log(1 - unitAt(listener.key, hour, 3)));
  return Math.min(hours, LONGEST_LATENESS_HOURS);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** Between turns the event loop runs: a worker's heartbeat must not wait for a shard. */
const CELLS_A_TURN = 16;

/**
 * Generates one shard of a window: exactly its share of `request.events` records, as NDJSON. The same request gives the
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
  let bytes = 0;
  let turn = 0;
  for (let cell = shard; cell < generator.cells; cell += window.shards) {
    const lines = generator.cell(cell, ledger);
    bytes += lines.length;
    await write(lines);
    if (++turn % CELLS_A_TURN === 0) await new Promise<void>((resolve) => setImmediate(resolve));
  }
  return { ledger: ledger.ledger(), bytes };
}
