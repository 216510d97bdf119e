import type { ContentHash } from './content-hash.ts';
import type { HopName, HopReport } from './report.ts';

/** What stands at a hop, or what should. */
export interface HopCount {
  total: number;
  /** Null where a hop keeps no bytes to hash. */
  content_hash: ContentHash | null;
  by: Record<string, number>;
}

const expects = (hop: HopName): string => (hop === 'serving' ? 'the warehouse holds' : 'the ledger expects');
const records = (count: number): string => `${count} record${count === 1 ? '' : 's'}`;

/** The count at a hop that holds marts: rows, which have no bytes of their own. */
export function rowsByMart(marts: Record<string, number>): HopCount {
  const total = Object.values(marts).reduce((sum, rows) => sum + rows, 0);
  return { total, content_hash: null, by: marts };
}

/**
 * Holds what was found at a hop against what is expected there. `findings` are further faults that the observer
 * has seen itself; each difference is one sentence that an operator understands.
 */
export function compareHop(
  hop: HopName,
  expected: HopCount,
  observed: HopCount,
  findings: readonly string[] = [],
): HopReport {
  const differences: string[] = [];
  if (observed.total !== expected.total) {
    const difference = observed.total - expected.total;
    differences.push(
      `${hop} holds ${records(observed.total)}, ${expects(hop)} ${expected.total}: ` +
        `${Math.abs(difference)} ${difference < 0 ? 'are missing' : 'too many'}.`,
    );
  }
  const names = [...new Set([...Object.keys(expected.by), ...Object.keys(observed.by)])].sort();
  for (const name of names) {
    const want = expected.by[name] ?? 0;
    const have = observed.by[name] ?? 0;
    if (want !== have) differences.push(`${hop} holds ${records(have)} of ${name}, ${expects(hop)} ${want}.`);
  }
  if (
    expected.content_hash !== null &&
    observed.content_hash !== null &&
    expected.content_hash !== observed.content_hash
  ) {
    differences.push(
      `${hop} has the content hash ${observed.content_hash}, the ledger ${expected.content_hash}: the bytes are not the same.`,
    );
  }
  differences.push(...findings);
  return { hop, expected, observed, matches: differences.length === 0, differences };
}
