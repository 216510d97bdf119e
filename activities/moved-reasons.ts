import { hashSumSql, type LakeSession } from '../clients/lake-reader.ts';
import { quoteText } from '../clients/warehouse.ts';
import type { RecordAccount, RecordSet } from '../contracts/ledger.ts';
import { DUPLICATE_REASON } from '../contracts/quarantine.ts';

/** By reason, how many records and the content hash of their bytes: as they stand in the lake, and as they were judged. */
const STANDING = `SELECT reason_code AS reason, count(*) AS total, ${hashSumSql('record_value')} AS hash
  FROM quarantine WHERE reason_code <> ${quoteText(DUPLICATE_REASON)} GROUP BY reason_code`;
const JUDGED = `SELECT reason_code AS reason, count(*) AS total,
    (coalesce(sum(digest), 0) % 18446744073709551616::HUGEINT)::UBIGINT AS hash
  FROM judged WHERE reason_code IS NOT NULL GROUP BY reason_code`;

interface Standing {
  total: number;
  hash: bigint;
}

async function byReason(session: LakeSession, sql: string): Promise<Map<string, Standing>> {
  const rows = await session.rows(sql);
  return new Map(
    rows.map((row) => [String(row.reason), { total: Number(row.total), hash: row.hash as bigint }]),
  );
}

const sameSet = (one: RecordSet, other: RecordSet): boolean =>
  one.total === other.total && one.content_hash === other.content_hash;

/**
 * The reasons of which records change sides, by their bytes: as many as before may be other ones. A ledger counts by reason and
 * has one hash for all of them, so what the lake holds tells them apart, as long as it is what the ledger says. Where it is not,
 * any reason that has records may be concerned.
 * @param session one in which the window has just been judged
 */
export async function movedReasons(
  session: LakeSession,
  ledger: RecordAccount,
  account: RecordAccount,
): Promise<string[]> {
  const [was, is] = [ledger.quarantined, account.quarantined];
  if (sameSet(was, is)) return [];
  const [standing, judged] = [await byReason(session, STANDING), await byReason(session, JUDGED)];
  const names = [...new Set([...Object.keys(was.by_reason), ...judged.keys()])].sort();
  const { total, hash } = [...standing.values()].reduce(
    (sum, one) => ({ total: sum.total + one.total, hash: BigInt.asUintN(64, sum.hash + one.hash) }),
    { total: 0, hash: 0n },
  );
  if (total !== was.total || hash !== BigInt(`0x${was.content_hash}`)) return names;
  return names.filter((name) => {
    const [before, after] = [standing.get(name), judged.get(name)];
    return before?.total !== after?.total || before?.hash !== after?.hash;
  });
}
