import { hash } from 'node:crypto';
import { QUARANTINE_REASONS, type QuarantineReason } from '../contracts/quarantine.ts';
import { CORRUPTIONS, canCorrupt, type DefectRates } from './defects.ts';
import { recordText, uuidText } from './encode.ts';
import type { LedgerBuilder } from './ledger.ts';
import type { Random } from './random.ts';

const REASONS = Object.keys(QUARANTINE_REASONS) as QuarantineReason[];
const VALID = -1;
const DUPLICATE = -2;

/** Half-milliseconds of arrival and the place of a record share one float64 when they are sorted. */
const PLACES = 4_096;

/** How the records of one session reach the platform. */
export interface Delivery {
  /** Part of the envelope that the session's records share. */
  session: string;
  /** Between an event and its arrival, milliseconds; ignored when everything is sent in one burst. */
  lagMs: number;
  /** Start of the burst in which a late session is sent; undefined: each event is sent when it occurs. */
  burstMs: number | undefined;
}

/**
 * The smallest unit of generation: a fixed number of records by listeners that no other cell has. Cells depend on the
 * window and its size only, so that any number of shards holds the same records.
 */
export class Cell {
  private readonly startMs: number;
  private readonly endMs: number;
  private readonly quota: number;
  private readonly rates: DefectRates;
  private readonly totalRate: number;
  private readonly random: Random;
  private readonly ledger: LedgerBuilder;
  private readonly records: string[] = [];
  private readonly types: string[] = [];
  /** VALID, DUPLICATE, or the place of the reason in REASONS. */
  private readonly kinds: number[] = [];
  /** Arrival in half-milliseconds after the window's start. */
  private readonly arrivals: number[] = [];
  private delivery: Delivery | undefined;
  private sentAt = 0;
  private held = -1;

  constructor(
    bounds: { startMs: number; endMs: number },
    quota: number,
    rates: DefectRates,
    random: Random,
    ledger: LedgerBuilder,
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
  }

  get isFull(): boolean {
    return this.records.length >= this.quota;
  }

  /** The following events are delivered so. */
  begin(delivery: Delivery): void {
    this.delivery = delivery;
    this.sentAt = delivery.burstMs ?? this.startMs;
    this.held = -1;
  }

  /** Takes an event, as `Emit`. */
  readonly emit = (eventType: string, occurredAt: number, rest: string): boolean => {
    const { delivery, random } = this;
    if (!delivery || this.isFull) return false;
    // Each later than the one before, so that only what is moved on purpose is out of order.
    const sentAt =
      delivery.burstMs === undefined
        ? Math.max(this.sentAt + 1, occurredAt + delivery.lagMs)
        : this.sentAt + random.between(15, 180);
    if (sentAt >= this.endMs) return false;
    this.sentAt = sentAt;
    const record = recordText(eventType, uuidText(random), occurredAt, sentAt, delivery.session, rest);
    const unit = random.unit();
    const arrival = (sentAt - this.startMs) * 2;
    if (unit < this.totalRate) this.addWithDefect(record, eventType, occurredAt, arrival, unit);
    else this.addValid(record, eventType, occurredAt, arrival);
    return !this.isFull;
  };

  private add(record: string, eventType: string, kind: number, arrival: number): void {
    this.records.push(record);
    this.types.push(eventType);
    this.kinds.push(kind);
    this.arrivals.push(arrival);
  }

  private addValid(record: string, eventType: string, occurredAt: number, arrival: number): void {
    if (this.held >= 0) {
      this.arrivals[this.held] = arrival + 1;
      this.held = -1;
      this.ledger.note('out_of_order');
    }
    this.add(record, eventType, VALID, arrival);
    if (occurredAt < this.startMs) this.ledger.note('late');
  }

  private addWithDefect(
    record: string,
    eventType: string,
    occurredAt: number,
    arrival: number,
    unit: number,
  ): void {
    let rest = unit - this.rates.duplicate;
    if (rest < 0) {
      this.addValid(record, eventType, occurredAt, arrival);
      if (this.isFull) return;
      // A client that never saw the answer sends again: mostly at once, sometimes minutes later.
      const again = arrival + 2 + Math.floor(this.random.exponential(60_000));
      this.add(record, eventType, DUPLICATE, Math.min(again, (this.endMs - this.startMs) * 2));
      return;
    }
    rest -= this.rates.out_of_order;
    if (rest < 0) {
      // Held back until the listener's next valid record has passed it; when none follows, it keeps its place.
      const wasHolding = this.held >= 0;
      this.addValid(record, eventType, occurredAt, arrival);
      if (!wasHolding) this.held = this.records.length - 1;
      return;
    }
    for (let place = 0; place < REASONS.length; place++) {
      const reason = REASONS[place] as QuarantineReason;
      rest -= this.rates[reason];
      if (rest >= 0) continue;
      if (!canCorrupt(reason, eventType)) break;
      this.add(CORRUPTIONS[reason](record, this.random, this.endMs), eventType, place, arrival);
      return;
    }
    this.addValid(record, eventType, occurredAt, arrival);
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
      if (kind === VALID) this.ledger.addValid(this.types[place] as string, high, low);
      else if (kind === DUPLICATE) this.ledger.addDuplicate(high, low);
      else this.ledger.addQuarantined(REASONS[kind] as QuarantineReason, high, low);
      from = to + 1;
    }
    return bytes;
  }
}
