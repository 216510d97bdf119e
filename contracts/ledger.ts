import { z } from 'zod';
import { ContentHash, combineContentHashes, EMPTY_CONTENT_HASH } from './content-hash.ts';
import { WindowId } from './window.ts';

const Count = z.number().int().nonnegative();

/** A set of records: how many, and their content hash over the bytes of the records as sent. */
export const RecordSet = z.object({ total: Count, content_hash: ContentHash });
export type RecordSet = z.infer<typeof RecordSet>;

/** Absent in what earlier versions have stated. */
const ByType = z.record(z.string(), Count).optional();

/** Records whose types are told apart by a reading of the bytes (contracts/readable-type.ts), good or bad. */
export const TypedSet = RecordSet.extend({ by_type: ByType.describe('By the type that can be read.') });
export type TypedSet = z.infer<typeof TypedSet>;

/** What is true of a window's records. The ledger states it before they are sent; every hop is held against it. */
export const RecordAccount = z.object({
  arrived: TypedSet.describe('Every record, good or bad, repeats included.'),
  valid: RecordSet.extend({
    by_type: z.record(z.string(), Count).describe('Valid, distinct events by event_type.'),
  }),
  quarantined: RecordSet.extend({
    by_reason: z.record(z.string(), Count).describe('Rejected records by reason code.'),
  }),
  duplicates: RecordSet.extend({ by_type: ByType.describe('By event_type.') }).describe(
    'Valid records whose event_id had already arrived in the window.',
  ),
});
export type RecordAccount = z.infer<typeof RecordAccount>;

export const Ledger = RecordAccount.extend({
  window: WindowId,
  seed: Count,
  events_requested: Count.describe(
    'What was asked for: exactly so many records, or under the shape `diurnal` so many in the mean hour of a week.',
  ),
  shards: Count,
  late: Count.describe('Valid events whose occurred_at lies before the window.'),
  out_of_order: Count.describe('Records that were moved behind a later one on purpose.'),
  planted: z.record(z.string(), Count).describe('Planted defects by kind.'),
});
export type Ledger = z.infer<typeof Ledger>;

export const EMPTY_ACCOUNT: RecordAccount = {
  arrived: { total: 0, content_hash: EMPTY_CONTENT_HASH },
  valid: { total: 0, content_hash: EMPTY_CONTENT_HASH, by_type: {} },
  quarantined: { total: 0, content_hash: EMPTY_CONTENT_HASH, by_reason: {} },
  duplicates: { total: 0, content_hash: EMPTY_CONTENT_HASH },
};

function mergeCounts(counts: readonly Record<string, number>[]): Record<string, number> {
  const merged: Record<string, number> = {};
  for (const one of counts) {
    for (const [key, value] of Object.entries(one)) merged[key] = (merged[key] ?? 0) + value;
  }
  return Object.fromEntries(Object.entries(merged).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Of sets whose types are told. */
export function mergeTypedSets(sets: readonly TypedSet[]): TypedSet {
  const types = sets.map(({ by_type }) => by_type).filter((types) => types !== undefined);
  return { ...mergeSets(sets), ...(types.length === sets.length ? { by_type: mergeCounts(types) } : {}) };
}

function mergeSets(sets: readonly RecordSet[]): RecordSet {
  return {
    total: sets.reduce((sum, set) => sum + set.total, 0),
    content_hash: combineContentHashes(sets.map((set) => set.content_hash)),
  };
}

/** The account of disjoint sets of records taken together. */
export function mergeAccounts(accounts: readonly RecordAccount[]): RecordAccount {
  return {
    arrived: mergeTypedSets(accounts.map((account) => account.arrived)),
    valid: {
      ...mergeSets(accounts.map((account) => account.valid)),
      by_type: mergeCounts(accounts.map((account) => account.valid.by_type)),
    },
    quarantined: {
      ...mergeSets(accounts.map((account) => account.quarantined)),
      by_reason: mergeCounts(accounts.map((account) => account.quarantined.by_reason)),
    },
    duplicates: mergeTypedSets(accounts.map((account) => account.duplicates)),
  };
}

/** Below so many records in the mean hour of a week, the small hours may hold none. */
const SURELY_SOME = 100;

/**
 * Why a ledger cannot be that of the window that was asked for; undefined when it can. Nothing differs from nothing at any
 * hop: an empty window that should not be empty shows here only.
 */
export function unlikelyTotal(
  { arrived }: Pick<Ledger, 'arrived'>,
  events: number,
  shape: 'flat' | 'diurnal' | undefined,
): string | undefined {
  if (shape === 'flat' && arrived.total !== events)
    return `${events} records were asked for, and the ledger knows of ${arrived.total}`;
  if (events >= SURELY_SOME && arrived.total === 0)
    return `${events} records an hour were asked for, and the ledger knows of none`;
  return undefined;
}

/** The ledger of a window from the ledgers of its shards. */
export function mergeLedgers(ledgers: readonly [Ledger, ...Ledger[]]): Ledger {
  const [first] = ledgers;
  return {
    ...mergeAccounts(ledgers),
    window: first.window,
    seed: first.seed,
    events_requested: first.events_requested,
    shards: first.shards,
    late: ledgers.reduce((sum, ledger) => sum + ledger.late, 0),
    out_of_order: ledgers.reduce((sum, ledger) => sum + ledger.out_of_order, 0),
    planted: mergeCounts(ledgers.map((ledger) => ledger.planted)),
  };
}
