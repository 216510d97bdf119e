import type { LakeSession } from '../clients/lake-reader.ts';
import { quoteText } from '../clients/warehouse.ts';
import { type HopName, type HopRecord, NAMED_RECORDS } from '../contracts/hop-report.ts';
import { DUPLICATE_REASON } from '../contracts/quarantine.ts';
import type { WindowId } from '../contracts/window.ts';
import { judgeWindow, SETTLED } from './judge-window.ts';

/** Above this many records judging each takes longer than the step may; counts and hashes still say what is wrong. */
const LARGEST = 2_000_000;
/** As contracts/hop-report.ts has it; what stands in a table may be of any length. */
const LONGEST = 64;

type SettledHop = Extract<HopName, 'events' | 'quarantine' | 'duplicates'>;
export type LostEvents = Record<SettledHop, HopRecord[]>;

const DUPLICATE = quoteText(DUPLICATE_REASON);
/** The reference rules know the place of every record; `event_id` of a rejected one is what its bytes say. */
const EXPECTED = `SELECT CASE WHEN reason_code IS NOT NULL THEN 'quarantine' WHEN is_repeat THEN 'duplicates' ELSE 'events' END AS hop,
    coalesce(reason_code, event_type) AS name, kafka_partition, kafka_offset, digest
  FROM (${SETTLED})`;
const DIGEST = "('0x' || substr(md5(coalesce(record_value, ''::BLOB)), 1, 16))::UBIGINT";
/** An event keeps no bytes; its record_hash is the digest, signed. */
const FOUND = `SELECT 'events' AS hop, event_type AS name, kafka_partition, kafka_offset,
    ((record_hash::HUGEINT + 18446744073709551616::HUGEINT) % 18446744073709551616::HUGEINT)::UBIGINT AS digest
  FROM events
  UNION ALL SELECT CASE WHEN reason_code = ${DUPLICATE} THEN 'duplicates' ELSE 'quarantine' END,
    CASE WHEN reason_code = ${DUPLICATE} THEN coalesce(event_type, 'none') ELSE reason_code END,
    kafka_partition, kafka_offset, ${DIGEST}
  FROM quarantine`;
const DIFFERENCES = `SELECT hop, name, kafka_partition, kafka_offset, sum(found) AS surplus
  FROM (SELECT *, -1 AS found FROM (${EXPECTED}) UNION ALL SELECT *, 1 AS found FROM (${FOUND}))
  GROUP BY hop, name, kafka_partition, kafka_offset, digest HAVING sum(found) <> 0`;
/** The bytes in raw at those places say the id; an event whose bytes never arrived has only its own. */
const NAMED = `SELECT few.*, coalesce(
    nullif(regexp_extract(CAST(raw.record_value AS VARCHAR), '\\\\x22event_id\\\\x22: ?\\\\x22([0-9A-Za-z_-]{1,64})\\\\x22', 1), ''),
    (SELECT any_value(event_id) FROM events WHERE events.kafka_partition = few.kafka_partition
      AND events.kafka_offset = few.kafka_offset),
    'md5 ' || md5(raw.record_value),
    'partition ' || few.kafka_partition || ' offset ' || few.kafka_offset) AS event_id
  FROM (SELECT * FROM (${DIFFERENCES}) QUALIFY row_number() OVER (
    PARTITION BY hop, surplus > 0 ORDER BY kafka_partition, kafka_offset, name) <= ${NAMED_RECORDS}) AS few
  LEFT JOIN raw USING (kafka_partition, kafka_offset)
  ORDER BY hop, surplus > 0, kafka_partition, kafka_offset, name`;

/**
 * Which records of raw are not where the reference rules put them, and what stands there instead, one by one. Only asked
 * when the tables do not balance: it judges every record of the window anew.
 * @param folder a folder of one's own
 */
export async function explainTables(
  session: LakeSession,
  window: WindowId,
  records: number,
  folder: string,
  progress: { note(details: Record<string, unknown>): void },
): Promise<LostEvents> {
  const lost: LostEvents = { events: [], quarantine: [], duplicates: [] };
  if (records > LARGEST) return lost;
  await judgeWindow(session, window, folder, progress);
  for (const row of await session.rows(NAMED)) {
    lost[row.hop as SettledHop].push({
      finding: Number(row.surplus) > 0 ? 'extra' : 'missing',
      type: String(row.name).slice(0, LONGEST),
      event_id: String(row.event_id).slice(0, LONGEST),
    });
  }
  return lost;
}
