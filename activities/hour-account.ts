import { hash } from 'node:crypto';
import { classify } from '../contracts/classify.ts';
import type { Ledger } from '../contracts/ledger.ts';
import { windowBounds, type WindowId } from '../contracts/window.ts';
import { DigestSet } from './digest-set.ts';
import { RecordTally } from './records.ts';

/** Counts by name, in the order of the names. */
class Names {
  private readonly counts = new Map<string, number>();

  add(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  get all(): Record<string, number> {
    return Object.fromEntries([...this.counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

const set = ({ records, contentHash }: RecordTally) => ({ total: records, content_hash: contentHash });

/**
 * The account of an hour whose records nobody has generated: what the broker holds is the truth, judged by the reference
 * rules. Memory: one digest an event.
 */
export class HourAccount {
  readonly arrived = new RecordTally();
  private readonly valid = new RecordTally();
  private readonly quarantined = new RecordTally();
  private readonly duplicates = new RecordTally();
  private readonly types = new Names();
  private readonly reasons = new Names();
  private readonly repeated = new Names();
  private readonly ids = new DigestSet();
  private late = 0;
  private readonly window: WindowId;
  private readonly startMs: number;
  private readonly endMs: number;

  constructor(window: WindowId) {
    const { start, end } = windowBounds(window);
    this.window = window;
    this.startMs = Date.parse(start);
    this.endMs = Date.parse(end);
  }

  /** In the order of partition and offset: of events with one id the first counts, as in Spark's transforms. */
  take(record: Buffer): void {
    this.arrived.take(record);
    const found = classify(record, this.endMs);
    if (!found.valid) {
      this.quarantined.take(record);
      this.reasons.add(found.reason_code);
      return;
    }
    const { event_id: id, event_type: type, occurred_at: at } = found.event;
    if (!this.ids.add(hash('md5', id, 'buffer'))) {
      this.duplicates.take(record);
      this.repeated.add(type);
      return;
    }
    this.valid.take(record);
    this.types.add(type);
    if (Date.parse(at) < this.startMs) this.late += 1;
  }

  /** Nobody has asked for it, so it names no seed, no number of events and no shards. */
  ledger(): Ledger {
    return {
      ...{ window: this.window, seed: 0, events_requested: 0, shards: 0 },
      arrived: { ...set(this.arrived), by_type: this.arrived.byType },
      valid: { ...set(this.valid), by_type: this.types.all },
      quarantined: { ...set(this.quarantined), by_reason: this.reasons.all },
      duplicates: { ...set(this.duplicates), by_type: this.repeated.all },
      ...{ late: this.late, out_of_order: 0, planted: {} },
    };
  }
}
