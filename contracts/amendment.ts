import { z } from 'zod';
import { type Ledger, RecordAccount, RecordSet } from './ledger.ts';
import { WindowId } from './window.ts';

export const AMENDMENT_VERSION = 1;

export const AmendmentEntry = z.object({
  by: z.string(),
  why: z.string(),
  at: z.string().describe('ISO 8601, UTC.'),
  run_id: z.string(),
  moved: z.array(z.string()).describe('One sentence a reason or type whose count has changed.'),
});
export type AmendmentEntry = z.infer<typeof AmendmentEntry>;

/**
 * What a ledger has to say since a rule was mended: `state/window=…/amendment.json`. The generator goes on stating what it
 * planted; the account here, judged by the reference rules, takes its place wherever the window is held against its ledger.
 */
export const LedgerAmendment = z.object({
  version: z.literal(AMENDMENT_VERSION),
  window: WindowId,
  arrived: RecordSet.describe('Which records it is about: an amendment of other ones does not count.'),
  account: RecordAccount,
  entries: z.array(AmendmentEntry).describe('Every amendment that was made, the newest last.'),
});
export type LedgerAmendment = z.infer<typeof LedgerAmendment>;

/** An amendment as it travels: what it says, and its newest entry. */
export type NewestAmendment = Pick<LedgerAmendment, 'arrived' | 'account'> & {
  /** Absent in what earlier versions recorded. */
  entry?: AmendmentEntry;
};

const sameSet = (one: RecordSet, other: RecordSet): boolean =>
  one.total === other.total && one.content_hash === other.content_hash;

/** The ledger as it is to be held against: amended when the amendment is about the same records. */
export function amendedLedger(
  ledger: Ledger,
  amendment: Pick<LedgerAmendment, 'arrived' | 'account'> | null,
): Ledger {
  if (!amendment || !sameSet(amendment.arrived, ledger.arrived)) return ledger;
  const { valid, quarantined, duplicates } = amendment.account;
  return { ...ledger, valid, quarantined, duplicates };
}

/** What changes sides between two accounts of the same records; empty when nothing does. */
export function movedRecords(before: RecordAccount, after: RecordAccount): string[] {
  const sentences = [
    ...changes('quarantined as', before.quarantined.by_reason, after.quarantined.by_reason),
    ...changes('valid as', before.valid.by_type, after.valid.by_type),
    ...changes('set aside as', { duplicate: before.duplicates.total }, { duplicate: after.duplicates.total }),
  ];
  const sets = [
    [before.valid, after.valid],
    [before.quarantined, after.quarantined],
    [before.duplicates, after.duplicates],
  ] as const;
  const swapped = sentences.length === 0 && sets.some(([one, other]) => !sameSet(one, other));
  return swapped ? ['As many records as before, but other ones.'] : sentences;
}

function changes(what: string, before: Record<string, number>, after: Record<string, number>): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].sort().flatMap((name) => {
    const [had, has] = [before[name] ?? 0, after[name] ?? 0];
    if (had === has) return [];
    const records = Math.abs(has - had) === 1 ? 'record' : 'records';
    return [
      `${Math.abs(has - had)} ${records} ${has > had ? 'more' : 'fewer'} ${what} ${name}: ${has}, not ${had}.`,
    ];
  });
}
