import { hash } from 'node:crypto';
import { Context, Device, EVENT_TYPES, ReasonEnd, ReasonStart } from '../../contracts/events.ts';
import type { QuarantineReason } from '../../contracts/quarantine.ts';
import { WINDOW_MS } from '../../contracts/window.ts';
import type { TrackRef } from '../catalogue/catalogue.ts';
import {
  likeText,
  playbackText,
  playlistText,
  playlistTrackText,
  recordText,
  sessionText,
  uuidText,
} from '../encode.ts';
import { mix32, type Random } from '../random.ts';
import type { EventSink } from '../sessions/event-sink.ts';
import { CORRUPTIONS, canCorrupt, type DefectRates } from './defects.ts';
import { type LedgerBuilder, REASONS } from './ledger.ts';
import type { TrackSet } from './track-set.ts';

const VALID = -1;
const DUPLICATE = -2;
const NO_TRACK = -1;

/** Half-milliseconds of arrival and the place of a record share one float64 when they are sorted. */
const PLACES = 4_096;

/** How the records of one session reach the platform. */
export interface Delivery {
  /** Between an event and its arrival, milliseconds; whole. */
  lagMs: number;
  /** Start of the burst in which an offline session is sent; undefined: each event is sent when it occurs. */
  burstMs: number | undefined;
  isOffline: boolean;
}

const trackId = (track: TrackRef): string => `t-${String(track).padStart(7, '0')}`;

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
  private readonly records: string[] = [];
  private readonly types: number[] = [];
  /** VALID, DUPLICATE, or the place of the reason in REASONS. */
  private readonly kinds: number[] = [];
  /** Arrival in half-milliseconds after the window's start. */
  private readonly arrivals: number[] = [];
  private session = '';
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
    if (quota > PLACES) throw new RangeError(`a cell holds at most ${PLACES} records, not ${quota}`);
    this.startMs = bounds.startMs;
    this.endMs = bounds.endMs;
    this.quota = quota;
    this.rates = rates;
    this.totalRate =
      rates.duplicate + rates.out_of_order + REASONS.reduce((sum, code) => sum + rates[code], 0);
    this.random = random;
    this.ledger = ledger;
    this.tracks = tracks;
  }

  get isFull(): boolean {
    return this.records.length >= this.quota;
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
    const name = Device.options[device] as string;
    this.session = sessionText({ listenerId, sessionId, device: name, country });
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
    const rest = playbackText(
      trackId(track),
      msPlayed,
      ReasonStart.options[reasonStart] as string,
      ReasonEnd.options[reasonEnd] as string,
      shuffle,
      this.isOffline,
      Context.options[context] as string,
    );
    return this.emit(isWhole ? 0 : 1, occurredAt, track, rest);
  }

  like(occurredAt: number, track: TrackRef, context: number): boolean {
    return this.emit(2, occurredAt, track, likeText(trackId(track), Context.options[context] as string));
  }

  playlistCreated(occurredAt: number, playlistId: string, quotedName: string): boolean {
    return this.emit(3, occurredAt, NO_TRACK, playlistText(playlistId, quotedName));
  }

  playlistTrackAdded(occurredAt: number, playlistId: string, track: TrackRef, position: number): boolean {
    return this.emit(4, occurredAt, track, playlistTrackText(playlistId, trackId(track), position));
  }

  /** When the next event is sent: the same in every window that plays the session. */
  private nextSentAt(occurredAt: number): number {
    this.ordinal++;
    if (this.isBurst) return this.sentAt + 15 + (mix32(this.ordinal * 8_191 + this.lagMs) % 128);
    // Each later than the one before, so that only what is moved on purpose is out of order.
    const sentAt = Math.max(this.sentAt + 1, occurredAt + this.lagMs);
    if (this.rates.late > 0) return sentAt;
    return Math.min(sentAt, occurredAt - (occurredAt % WINDOW_MS) + WINDOW_MS - 1);
  }

  private emit(type: number, occurredAt: number, track: number, rest: string): boolean {
    if (this.isFull) return false;
    const sentAt = this.nextSentAt(occurredAt);
    if (sentAt >= this.endMs) return false;
    this.sentAt = sentAt;
    if (sentAt < this.startMs) return true;
    const { random } = this;
    const eventType = EVENT_TYPES[type] as string;
    const record = recordText(eventType, uuidText(random), occurredAt, sentAt, this.session, rest);
    const unit = random.unit();
    const arrival = (sentAt - this.startMs) * 2;
    if (unit < this.totalRate) this.addWithDefect(record, type, occurredAt, track, arrival, unit);
    else this.addValid(record, type, occurredAt, track, arrival);
    return !this.isFull;
  }

  private add(record: string, type: number, kind: number, arrival: number): void {
    this.records.push(record);
    this.types.push(type);
    this.kinds.push(kind);
    this.arrivals.push(arrival);
  }

  private addValid(record: string, type: number, occurredAt: number, track: number, arrival: number): void {
    // What was sent in the same millisecond has not passed it.
    if (this.held >= 0 && arrival > (this.arrivals[this.held] as number)) {
      this.arrivals[this.held] = arrival + 1;
      this.held = -1;
      this.ledger.noteOutOfOrder();
    }
    this.add(record, type, VALID, arrival);
    if (track !== NO_TRACK) this.tracks.add(track);
    if (occurredAt < this.startMs) this.ledger.noteLate();
  }

  private addWithDefect(
    record: string,
    type: number,
    occurredAt: number,
    track: number,
    arrival: number,
    unit: number,
  ): void {
    let rest = unit - this.rates.duplicate;
    if (rest < 0) {
      this.addValid(record, type, occurredAt, track, arrival);
      if (this.isFull) return;
      // A client that never saw the answer sends again: mostly at once, sometimes minutes later.
      const again = arrival + 2 + Math.floor(this.random.exponential(60_000));
      this.add(record, type, DUPLICATE, Math.min(again, (this.endMs - this.startMs) * 2));
      return;
    }
    rest -= this.rates.out_of_order;
    if (rest < 0) {
      // Held back until the listener's next valid record has passed it; when none follows, it keeps its place.
      const wasHolding = this.held >= 0;
      this.addValid(record, type, occurredAt, track, arrival);
      if (!wasHolding) this.held = this.records.length - 1;
      return;
    }
    for (let place = 0; place < REASONS.length; place++) {
      const reason = REASONS[place] as QuarantineReason;
      rest -= this.rates[reason];
      if (rest >= 0) continue;
      if (!canCorrupt(reason, EVENT_TYPES[type] as string)) break;
      this.add(CORRUPTIONS[reason](record, this.random, this.endMs), type, place, arrival);
      return;
    }
    this.addValid(record, type, occurredAt, track, arrival);
  }

  /** The records in the order of their arrival, a line each; counted in the ledger by the bytes that are returned. */
  render(): Buffer {
    const count = this.records.length;
    const order = new Float64Array(count);
    for (let i = 0; i < count; i++) order[i] = (this.arrivals[i] as number) * PLACES + i;
    order.sort();
    let text = '';
    for (const key of order) text += `${this.records[key % PLACES] as string}\n`;
    const bytes = Buffer.from(text, 'latin1');
    let from = 0;
    for (const key of order) {
      const place = key % PLACES;
      const to = from + (this.records[place] as string).length;
      const digest = hash('md5', bytes.subarray(from, to), 'hex');
      const high = Number.parseInt(digest.slice(0, 8), 16);
      const low = Number.parseInt(digest.slice(8, 16), 16);
      const kind = this.kinds[place] as number;
      if (kind === VALID) this.ledger.addValid(this.types[place] as number, high, low);
      else if (kind === DUPLICATE) this.ledger.addDuplicate(high, low);
      else this.ledger.addQuarantined(kind, high, low);
      from = to + 1;
    }
    return bytes;
  }
}
