import { EVENT_TYPES } from '../../contracts/events.ts';
import type { QuarantineReason } from '../../contracts/quarantine.ts';
import { readableType } from '../../contracts/readable-type.ts';
import { WINDOW_MS } from '../../contracts/window.ts';
import type { TrackRef } from '../catalogue/catalogue.ts';
import { mix32, type Random } from '../random.ts';
import type { EventSink } from '../sessions/event-sink.ts';
import { LATEST_ARRIVAL, placesByArrival } from './arrival-order.ts';
import { CORRUPTIONS, canCorrupt, type DefectRates } from './defects.ts';
import { type LedgerBuilder, REASONS } from './ledger.ts';
import { ADDED, CREATED, LIKED, PLAYED, playbackTail, RecordWriter, SKIPPED } from './record-writer.ts';
import type { TrackSet } from './track-set.ts';

/** What became of a record that is no longer what the event said; else the place of its reason in REASONS. */
const VALID = -1;
const DUPLICATE = -2;
const NO_TRACK = -1;

/** Whether an event is of this window: sent in it, before it, or after it (or there is no room). */
const WANTED = 0;
const BEFORE = 1;
const BEYOND = 2;

/** How the records of one session reach the platform. */
export interface Delivery {
  /** Between an event and its arrival, milliseconds; whole. */
  lagMs: number;
  /** Start of the burst in which an offline session is sent; undefined: each event is sent when it occurs. */
  burstMs: number | undefined;
  isOffline: boolean;
}

/** Writers that no cell uses now: their memory is large, and a cell is short-lived. */
const spareWriters: RecordWriter[] = [];

/**
 * The smallest unit of generation: a fixed number of records by listeners that no other cell has. Cells depend on the
 * window and its size only, so that any number of shards holds the same records.
 */
export class Cell implements EventSink {
  private readonly startMs: number;
  private readonly endMs: number;
  private readonly quota: number;
  private readonly rates: DefectRates;
  private readonly totalRate: number;
  private readonly random: Random;
  private readonly ledger: LedgerBuilder;
  private readonly tracks: TrackSet;
  private readonly writer = spareWriters.pop() ?? new RecordWriter();
  private count = 0;
  private readonly starts: Int32Array;
  private readonly lengths: Int32Array;
  /** Places in READABLE_TYPES, which begin as EVENT_TYPES do. */
  private readonly types: Uint8Array;
  private readonly kinds: Int8Array;
  /** Arrival in half-milliseconds after the window's start. */
  private readonly arrivals: Int32Array;
  private lagMs = 0;
  private isBurst = false;
  private isOffline = false;
  /** Events of the session so far. */
  private ordinal = 0;
  private sentAt = 0;
  private held = -1;

  constructor(
    bounds: { startMs: number; endMs: number },
    quota: number,
    rates: DefectRates,
    random: Random,
    ledger: LedgerBuilder,
    tracks: TrackSet,
  ) {
    if ((bounds.endMs - bounds.startMs) * 2 >= LATEST_ARRIVAL) throw new RangeError('the window is too long');
    this.startMs = bounds.startMs;
    this.endMs = bounds.endMs;
    this.quota = quota;
    this.rates = rates;
    this.totalRate =
      rates.duplicate + rates.out_of_order + REASONS.reduce((sum, code) => sum + rates[code], 0);
    this.random = random;
    this.ledger = ledger;
    this.tracks = tracks;
    this.writer.words.seed(random);
    this.starts = new Int32Array(quota);
    this.lengths = new Int32Array(quota);
    this.types = new Uint8Array(quota);
    this.kinds = new Int8Array(quota);
    this.arrivals = new Int32Array(quota);
  }

  get isFull(): boolean {
    return this.count >= this.quota;
  }

  /** A session begins, whose events are delivered so. */
  begin({ lagMs, burstMs, isOffline }: Delivery): void {
    this.lagMs = lagMs;
    this.isBurst = burstMs !== undefined;
    this.isOffline = isOffline;
    this.ordinal = 0;
    this.sentAt = burstMs ?? 0;
    this.held = -1;
  }

  envelope(listenerId: string, sessionId: string, device: number, country: string): void {
    this.writer.envelope(listenerId, sessionId, device, country);
  }

  playback(
    occurredAt: number,
    isWhole: boolean,
    track: TrackRef,
    msPlayed: number,
    reasonStart: number,
    reasonEnd: number,
    shuffle: boolean,
    context: number,
  ): boolean {
    const place = this.send(occurredAt);
    if (place !== WANTED) return place === BEFORE;
    const type = isWhole ? PLAYED : SKIPPED;
    const tail = playbackTail(reasonStart, reasonEnd, shuffle, this.isOffline, context);
    const { sentAt } = this;
    const length = this.writer.playback(type, occurredAt, sentAt, track, msPlayed, tail);
    return this.take(type, length, occurredAt, track);
  }

  like(occurredAt: number, track: TrackRef, context: number): boolean {
    const place = this.send(occurredAt);
    if (place !== WANTED) return place === BEFORE;
    const length = this.writer.like(occurredAt, this.sentAt, track, context);
    return this.take(LIKED, length, occurredAt, track);
  }

  playlistCreated(occurredAt: number, playlistId: string, quotedName: string): boolean {
    const place = this.send(occurredAt);
    if (place !== WANTED) return place === BEFORE;
    const { sentAt } = this;
    const length = this.writer.playlistCreated(occurredAt, sentAt, playlistId, quotedName);
    return this.take(CREATED, length, occurredAt, NO_TRACK);
  }

  playlistTrackAdded(occurredAt: number, playlistId: string, track: TrackRef, position: number): boolean {
    const place = this.send(occurredAt);
    if (place !== WANTED) return place === BEFORE;
    const { sentAt } = this;
    const length = this.writer.playlistTrackAdded(occurredAt, sentAt, playlistId, track, position);
    return this.take(ADDED, length, occurredAt, track);
  }

  /**
   * Settles when the session's next event is sent, and whether that is in the window. Nothing of the cell enters: every
   * window that plays the session must find the same.
   */
  private send(occurredAt: number): number {
    if (this.count >= this.quota) return BEYOND;
    this.ordinal++;
    let sentAt = this.sentAt + 1;
    if (this.isBurst) {
      sentAt += 14 + (mix32(Math.imul(this.ordinal, 8_191) + this.lagMs) & 127);
    } else {
      // Each later than the one before, so that only what is moved on purpose is out of order.
      if (occurredAt + this.lagMs > sentAt) sentAt = occurredAt + this.lagMs;
      if (this.rates.late === 0)
        sentAt = Math.min(sentAt, occurredAt - (occurredAt % WINDOW_MS) + WINDOW_MS - 1);
    }
    if (sentAt >= this.endMs) return BEYOND;
    this.sentAt = sentAt;
    return sentAt < this.startMs ? BEFORE : WANTED;
  }

  /** Takes the record that was written last. @returns whether there is room for more */
  private take(type: number, length: number, occurredAt: number, track: number): boolean {
    const unit = (this.writer.words.next() >>> 0) / 4294967296;
    if (unit < this.totalRate) this.addWithDefect(type, length, occurredAt, track, unit);
    else this.addValid(type, length, occurredAt, track);
    return this.count < this.quota;
  }

  private get arrival(): number {
    return (this.sentAt - this.startMs) * 2;
  }

  private add(type: number, length: number, kind: number, arrival: number): void {
    const place = this.count++;
    this.starts[place] = this.writer.arena.close(length);
    this.lengths[place] = length;
    this.types[place] = type;
    this.kinds[place] = kind;
    this.arrivals[place] = arrival;
  }

  private addValid(type: number, length: number, occurredAt: number, track: number): void {
    const { arrival, held } = this;
    // What was sent in the same millisecond has not passed it.
    if (held >= 0 && arrival > (this.arrivals[held] as number)) {
      this.arrivals[held] = arrival + 1;
      this.held = -1;
      this.ledger.noteOutOfOrder();
    }
    this.add(type, length, VALID, arrival);
    if (track !== NO_TRACK) this.tracks.add(track);
    if (occurredAt < this.startMs) this.ledger.noteLate();
  }

  private addWithDefect(type: number, length: number, occurredAt: number, track: number, unit: number): void {
    let rest = unit - this.rates.duplicate;
    if (rest < 0) {
      this.addValid(type, length, occurredAt, track);
      if (!this.isFull) this.addAgain(this.count - 1);
      return;
    }
    rest -= this.rates.out_of_order;
    if (rest < 0) {
      // Held back until the listener's next valid record has passed it; when none follows, it keeps its place.
      const wasHolding = this.held >= 0;
      this.addValid(type, length, occurredAt, track);
      if (!wasHolding) this.held = this.count - 1;
      return;
    }
    for (let kind = 0; kind < REASONS.length; kind++) {
      const reason = REASONS[kind] as QuarantineReason;
      rest -= this.rates[reason];
      if (rest >= 0) continue;
      if (!canCorrupt(reason, EVENT_TYPES[type] as string)) break;
      const broken = CORRUPTIONS[reason](this.writer.text(length), this.random, this.endMs);
      this.add(readableType(broken), this.writer.replace(broken), kind, this.arrival);
      return;
    }
    this.addValid(type, length, occurredAt, track);
  }

  /** A client that never saw the answer sends again: mostly at once, sometimes minutes later. */
  private addAgain(original: number): void {
    const again = this.arrival + 2 + Math.floor(this.random.exponential(60_000));
    const place = this.count++;
    this.starts[place] = this.starts[original] as number;
    this.lengths[place] = this.lengths[original] as number;
    this.types[place] = this.types[original] as number;
    this.kinds[place] = DUPLICATE;
    this.arrivals[place] = Math.min(again, (this.endMs - this.startMs) * 2);
  }

  /**
   * The records in the order of their arrival, a line each; counted in the ledger by the bytes that are returned. The cell
   * is then done with.
   */
  render(): Buffer {
    const { arena } = this.writer;
    arena.digest(this.starts, this.lengths, this.count, this.account);
    const lines = arena.lines(placesByArrival(this.arrivals, this.count), this.starts, this.lengths);
    arena.clear();
    if (arena.isKept) spareWriters.push(this.writer);
    return lines;
  }

  private readonly account = (place: number, high: number, low: number): void => {
    const kind = this.kinds[place] as number;
    const type = this.types[place] as number;
    if (kind === VALID) this.ledger.addValid(type, high, low);
    else if (kind === DUPLICATE) this.ledger.addDuplicate(type, high, low);
    else this.ledger.addQuarantined(kind, type, high, low);
  };
}
