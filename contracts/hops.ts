import { type ContentHash, combineContentHashes } from './content-hash.ts';
import type { HopName, HopRecord, HopReport } from './hop-report.ts';

/** What stands at a hop, or what should. */
export interface HopCount {
  total: number;
  /** Null where a hop keeps no bytes to hash, or where nobody can know the hash beforehand. */
  content_hash: ContentHash | null;
  /** Null where nobody has told them apart: then they are not compared. */
  by: Record<string, number> | null;
  /** By the same keys, where parts have a hash of their own. */
  content_hashes?: Record<string, ContentHash>;
}

/** Rows of one mart. */
export interface MartRows {
  rows: number;
  content_hash: ContentHash;
}

/** Who says what is expected at a hop, if it is not the ledger. */
const SAYS: Partial<Record<HopName, string>> = {
  marts: 'the events of those days make',
  serving: 'the warehouse holds',
};
const says = (hop: HopName): string => SAYS[hop] ?? 'the ledger expects';
const ITS_OWNER: Partial<Record<HopName, string>> = { marts: 'their audit', serving: 'the warehouse' };
const records = (count: number): string => `${count} record${count === 1 ? '' : 's'}`;

/** The count at a hop that holds marts: rows, by mart. */
export function rowsByMart(marts: Record<string, number>): HopCount {
  const total = Object.values(marts).reduce((sum, rows) => sum + rows, 0);
  return { total, content_hash: null, by: marts };
}

/** The same, with the hash of the rows. */
export function contentByMart(marts: Record<string, MartRows>): HopCount {
  const of = <T>(pick: (mart: MartRows) => T): Record<string, T> =>
    Object.fromEntries(Object.entries(marts).map(([name, mart]) => [name, pick(mart)]));
  const content_hashes = of((mart) => mart.content_hash);
  return {
    ...rowsByMart(of((mart) => mart.rows)),
    content_hash: combineContentHashes(Object.values(content_hashes)),
    content_hashes,
  };
}

/** What else is known of a difference. */
export interface HopFindings {
  /** Further faults that the observer has seen itself, a sentence each. */
  sentences?: readonly string[];
  /** The records in question, or some of them. */
  records?: readonly HopRecord[];
}

/**
 * Holds what was found at a hop against what is expected there. Each difference is one sentence that an operator
 * understands.
 */
export function compareHop(
  hop: HopName,
  expected: HopCount,
  observed: HopCount,
  findings: HopFindings = {},
): HopReport {
  const named = findings.records ?? [];
  const differences = [
    ...totals(hop, expected, observed),
    ...kinds(hop, expected, observed),
    ...hashes(hop, expected, observed),
    ...(findings.sentences ?? []),
    ...sentenceOf(named, 'missing', `Missing in ${hop}`),
    ...sentenceOf(named, 'extra', `Too many in ${hop}`),
  ];
  const told = expected.by !== null && observed.by !== null;
  const side = ({ total, content_hash, by, content_hashes }: HopCount): HopReport['expected'] => ({
    total,
    content_hash,
    by: (told ? by : null) ?? {},
    ...(content_hashes ? { content_hashes } : {}),
  });
  return {
    hop,
    expected: side(expected),
    observed: side(observed),
    matches: differences.length === 0,
    differences,
    ...(named.length > 0 ? { records: [...named] } : {}),
  };
}

function totals(hop: HopName, expected: HopCount, observed: HopCount): string[] {
  const difference = observed.total - expected.total;
  if (difference === 0) return [];
  return [
    `${hop} holds ${records(observed.total)}, ${says(hop)} ${expected.total}: ` +
      `${Math.abs(difference)} ${difference < 0 ? 'are missing' : 'too many'}.`,
  ];
}

function kinds(hop: HopName, expected: HopCount, observed: HopCount): string[] {
  if (expected.by === null || observed.by === null) return [];
  const { by: wanted } = expected;
  const { by: found } = observed;
  const names = [...new Set([...Object.keys(wanted), ...Object.keys(found)])].sort();
  return names.flatMap((name) => {
    const [want, have] = [wanted[name] ?? 0, found[name] ?? 0];
    return want === have ? [] : [`${hop} holds ${records(have)} of ${name}, ${says(hop)} ${want}.`];
  });
}

function hashes(hop: HopName, expected: HopCount, observed: HopCount): string[] {
  const [want, have] = [expected.content_hash, observed.content_hash];
  if (want === null || have === null || want === have) return [];
  const parts = Object.entries(expected.content_hashes ?? {})
    .filter(([name, hash]) => observed.content_hashes?.[name] !== hash)
    .map(([name]) => name);
  return [
    `${hop} has the content hash ${have}, ${ITS_OWNER[hop] ?? 'the ledger'} ${want}: ` +
      `the ${ITS_OWNER[hop] ? 'rows' : 'bytes'} ${parts.length > 0 ? `of ${parts.join(', ')} ` : ''}are not the same.`,
  ];
}

function sentenceOf(all: readonly HopRecord[], finding: HopRecord['finding'], what: string): string[] {
  const some = all.filter((record) => record.finding === finding);
  return some.length === 0
    ? []
    : [`${what}: ${some.map(({ type, event_id: id }) => `${id} (${type})`).join(', ')}.`];
}
