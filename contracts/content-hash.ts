import { z } from 'zod';

/**
 * Order-independent content hash of a set of records: the sum, modulo 2^64, of the first eight bytes (big-endian) of
 * each record's MD5, as 16 lower-case hexadecimal digits. A sum and not XOR: a record that stands twice must show.
 * MD5 because Spark, DuckDB, BigQuery and Node all have it built in; it guards against faults, not against forgers.
 */
export const ContentHash = z.string().regex(/^[0-9a-f]{16}$/);
export type ContentHash = z.infer<typeof ContentHash>;

export const EMPTY_CONTENT_HASH: ContentHash = '0000000000000000';

const MASK = (1n << 64n) - 1n;

export function formatContentHash(sum: bigint): ContentHash {
  return (sum & MASK).toString(16).padStart(16, '0');
}

/** The hash of the union of disjoint sets. */
export function combineContentHashes(hashes: readonly ContentHash[]): ContentHash {
  return formatContentHash(hashes.reduce((sum, hash) => sum + BigInt(`0x${hash}`), 0n));
}
