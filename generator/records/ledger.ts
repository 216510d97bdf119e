import { formatContentHash } from '../../contracts/content-hash.ts';
import { EVENT_TYPES } from '../../contracts/events.ts';
import type { Ledger, RecordSet } from '../../contracts/ledger.ts';
import { QUARANTINE_REASONS, type QuarantineReason } from '../../contracts/quarantine.ts';
import { READABLE_TYPES } from '../../contracts/readable-type.ts';
import type { WindowRequest } from '../../contracts/steps.ts';

/** Reasons are counted by their place here. */
export const REASONS = Object.keys(QUARANTINE_REASONS) as QuarantineReason[];

/** A count and a content hash that grow record by record. The hash is kept in two halves: a bigint a record is slow. */
class GrowingSet {
  private total = 0;
  private high = 0;
  private low = 0;

  /** @param high first four bytes of the record's MD5, as an unsigned number; `low` the next four */
  add(high: number, low: number): void {
    this.total++;
    const sum = this.low + low;
    const carry = sum >= 0x1_0000_0000 ? 1 : 0;
    this.low = sum >>> 0;
    this.high = (this.high + high + carry) >>> 0;
  }

  set(): RecordSet {
    return {
      total: this.total,
      content_hash: formatContentHash((BigInt(this.high) << 32n) | BigInt(this.low)),
    };
  }
}

/** The counts that are not zero, by name, in the order of the names. */
function named(names: readonly string[], counts: readonly number[]): Record<string, number> {
  const pairs = names.map((name, place): [string, number] => [name, counts[place] as number]);
  return Object.fromEntries(pairs.filter(([, count]) => count > 0).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What one shard of a window holds, written down as it is emitted. */
export class LedgerBuilder {
  private readonly request: WindowRequest;
  private readonly arrived = new GrowingSet();
  private readonly valid = new GrowingSet();
  private readonly quarantined = new GrowingSet();
  private readonly repeated = new GrowingSet();
  private readonly byType = EVENT_TYPES.map(() => 0);
  private readonly byReason = REASONS.map(() => 0);
  private readonly repeatedByType = EVENT_TYPES.map(() => 0);
  private readonly quarantinedByType = READABLE_TYPES.map(() => 0);
  private late = 0;
  private outOfOrder = 0;

  constructor(request: WindowRequest) {
    this.request = request;
  }

  /** @param type place in EVENT_TYPES */
  addValid(type: number, high: number, low: number): void {
    this.arrived.add(high, low);
    this.valid.add(high, low);
    this.byType[type] = (this.byType[type] as number) + 1;
  }

  /** @param type place in EVENT_TYPES */
  addDuplicate(type: number, high: number, low: number): void {
    this.arrived.add(high, low);
    this.repeated.add(high, low);
    this.repeatedByType[type] = (this.repeatedByType[type] as number) + 1;
  }

  /** @param reason place in REASONS; `type` place in READABLE_TYPES */
  addQuarantined(reason: number, type: number, high: number, low: number): void {
    this.arrived.add(high, low);
    this.quarantined.add(high, low);
    this.byReason[reason] = (this.byReason[reason] as number) + 1;
    this.quarantinedByType[type] = (this.quarantinedByType[type] as number) + 1;
  }

  /** A valid record, counted elsewhere, occurred before the window. */
  noteLate(): void {
    this.late++;
  }

  /** A valid record, counted elsewhere, was moved behind a later one. */
  noteOutOfOrder(): void {
    this.outOfOrder++;
  }

  ledger(): Ledger {
    const { window, seed, events, shards } = this.request;
    const { late, outOfOrder } = this;
    // A valid record says its type, and says it where it can be read.
    const arrivedByType = this.quarantinedByType.map(
      (count, type) => count + (this.byType[type] ?? 0) + (this.repeatedByType[type] ?? 0),
    );
    const repeated = this.repeated.set();
    return {
      window,
      seed,
      events_requested: events,
      shards,
      arrived: { ...this.arrived.set(), by_type: named(READABLE_TYPES, arrivedByType) },
      valid: { ...this.valid.set(), by_type: named(EVENT_TYPES, this.byType) },
      quarantined: { ...this.quarantined.set(), by_reason: named(REASONS, this.byReason) },
      duplicates: { ...repeated, by_type: named(EVENT_TYPES, this.repeatedByType) },
      late,
      out_of_order: outOfOrder,
      planted: named(
        [...REASONS, 'duplicate', 'late', 'out_of_order'],
        [...this.byReason, repeated.total, late, outOfOrder],
      ),
    };
  }
}
