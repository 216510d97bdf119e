import { formatContentHash } from '../contracts/content-hash.ts';
import type { Ledger, RecordSet } from '../contracts/ledger.ts';
import type { QuarantineReason } from '../contracts/quarantine.ts';
import type { WindowRequest } from '../contracts/steps.ts';

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

const sorted = (counts: ReadonlyMap<string, number>): Record<string, number> =>
  Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));

const increment = (counts: Map<string, number>, key: string): void => {
  counts.set(key, (counts.get(key) ?? 0) + 1);
};

/** What one shard of a window holds, written down as it is emitted. */
export class LedgerBuilder {
  private readonly request: WindowRequest;
  private readonly arrived = new GrowingSet();
  private readonly valid = new GrowingSet();
  private readonly quarantined = new GrowingSet();
  private readonly duplicates = new GrowingSet();
  private readonly byType = new Map<string, number>();
  private readonly byReason = new Map<string, number>();
  private readonly planted = new Map<string, number>();

  constructor(request: WindowRequest) {
    this.request = request;
  }

  addValid(eventType: string, high: number, low: number): void {
    this.arrived.add(high, low);
    this.valid.add(high, low);
    increment(this.byType, eventType);
  }

  addDuplicate(high: number, low: number): void {
    this.arrived.add(high, low);
    this.duplicates.add(high, low);
    increment(this.planted, 'duplicate');
  }

  addQuarantined(reason: QuarantineReason, high: number, low: number): void {
    this.arrived.add(high, low);
    this.quarantined.add(high, low);
    increment(this.byReason, reason);
    increment(this.planted, reason);
  }

  /** Something about a valid record that is already counted. */
  note(kind: 'late' | 'out_of_order'): void {
    increment(this.planted, kind);
  }

  ledger(): Ledger {
    const { window, seed, events, shards } = this.request;
    return {
      window,
      seed,
      events_requested: events,
      shards,
      arrived: this.arrived.set(),
      valid: { ...this.valid.set(), by_type: sorted(this.byType) },
      quarantined: { ...this.quarantined.set(), by_reason: sorted(this.byReason) },
      duplicates: this.duplicates.set(),
      late: this.planted.get('late') ?? 0,
      out_of_order: this.planted.get('out_of_order') ?? 0,
      planted: sorted(this.planted),
    };
  }
}
