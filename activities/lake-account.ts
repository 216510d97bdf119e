import { hashSumSql, type LakeRow, type LakeSession } from '../clients/lake-reader.ts';
import { quoteText } from '../clients/warehouse.ts';
import { combineContentHashes, formatContentHash } from '../contracts/content-hash.ts';
import type { HopCount } from '../contracts/hops.ts';
import { DUPLICATE_REASON } from '../contracts/quarantine.ts';
import { readableTypeSql } from '../contracts/readable-type.ts';
import { recordName } from './lost-records.ts';

/** What a window of the lake holds, found out from its bytes and not from what the writer noted beside them. */
export interface LakeAccount {
  raw: HopCount;
  events: HopCount;
  quarantine: HopCount;
  duplicates: HopCount;
  /** Sentences about faults that counts alone do not show. */
  findings: { raw: string[]; events: string[] };
}

const EXAMPLES = 10;

/** Raw is scanned once: coordinates, readable type and hash of each record, without its bytes. */
const DIGESTS = `CREATE OR REPLACE TEMP TABLE digests AS
  SELECT kafka_topic, kafka_partition, kafka_offset,
    ('0x' || substr(md5(coalesce(record_value, ''::BLOB)), 1, 16))::UBIGINT AS digest,
    ${readableTypeSql('record_value')} AS readable_type
  FROM raw`;
const SUM = '(coalesce(sum(digest), 0) % 18446744073709551616::HUGEINT)::UBIGINT';

const RAW = `SELECT readable_type AS name, count(*) AS total, ${SUM} AS hash FROM digests GROUP BY ALL`;

/** `record_hash` stands beside each event; here it is the hash of the bytes in raw at the event's own coordinates. */
const EVENTS = `SELECT event_type AS name, count(*) AS total, ${SUM} AS hash
  FROM events LEFT JOIN digests USING (kafka_partition, kafka_offset) GROUP BY event_type`;
const QUARANTINE = `SELECT reason_code AS name, count(*) AS total, ${hashSumSql('record_value')} AS hash
  FROM quarantine WHERE reason_code <> ${quoteText(DUPLICATE_REASON)} GROUP BY reason_code`;
const DUPLICATES = `SELECT coalesce(event_type, 'none') AS name, count(*) AS total, ${hashSumSql('record_value')} AS hash
  FROM quarantine WHERE reason_code = ${quoteText(DUPLICATE_REASON)} GROUP BY event_type`;
/** What Spark noted beside the records; the warehouse is held against it. */
const MISNOTED = `SELECT count(*) AS total FROM events JOIN digests USING (kafka_partition, kafka_offset)
  WHERE record_hash IS DISTINCT FROM CAST(CASE WHEN digest > 9223372036854775807 THEN digest::HUGEINT - 18446744073709551616::HUGEINT
    ELSE digest::HUGEINT END AS BIGINT)`;

const LANDED_IN = `SELECT kafka_partition, kafka_offset FROM events
  UNION ALL SELECT kafka_partition, kafka_offset FROM quarantine`;
const UNACCOUNTED = `FROM digests ANTI JOIN (${LANDED_IN}) AS landed USING (kafka_partition, kafka_offset)`;
const REPEATED = `SELECT event_id, count(*) AS total FROM events GROUP BY event_id HAVING count(*) > 1`;

const count = (value: unknown): number => Number(value ?? 0);
const hash = (value: unknown): string => formatContentHash(BigInt((value as bigint | null) ?? 0n));

function counted(rows: readonly LakeRow[]): HopCount {
  return {
    total: rows.reduce((sum, row) => sum + count(row.total), 0),
    content_hash: combineContentHashes(rows.map((row) => hash(row.hash))),
    by: Object.fromEntries(rows.map((row) => [String(row.name), count(row.total)]).sort()),
  };
}

/** What to call a record in a sentence. */
const nameOf = (row: LakeRow): string =>
  Buffer.isBuffer(row.record_value)
    ? recordName(row.record_value)
    : `partition ${row.kafka_partition} offset ${row.kafka_offset}`;

export async function readLakeAccount(session: LakeSession): Promise<LakeAccount> {
  await session.rows(DIGESTS);
  const raw = counted(await session.rows(RAW));
  const events = counted(await session.rows(EVENTS));
  return {
    raw,
    events,
    quarantine: counted(await session.rows(QUARANTINE)),
    duplicates: counted(await session.rows(DUPLICATES)),
    findings: {
      raw: await unaccounted(session),
      events: [
        ...(await repeated(session)),
        ...(await misnoted(session)),
        ...(await minutes(session, events.total)),
      ],
    },
  };
}

async function unaccounted(session: LakeSession): Promise<string[]> {
  const [missing] = await session.rows(`SELECT count(*) AS total ${UNACCOUNTED}`);
  const total = count(missing?.total);
  if (total === 0) return [];
  const examples = await session.rows(
    `SELECT kafka_partition, kafka_offset, record_value FROM raw SEMI JOIN (SELECT kafka_partition, kafka_offset
     ${UNACCOUNTED} ORDER BY ALL LIMIT ${EXAMPLES}) AS lost USING (kafka_partition, kafka_offset)`,
  );
  return [
    `${total} records of raw stand neither in events nor in quarantine, such as ${examples.map(nameOf).join(', ')}.`,
  ];
}

async function repeated(session: LakeSession): Promise<string[]> {
  const [all] = await session.rows(`SELECT count(*) AS total FROM (${REPEATED})`);
  const total = count(all?.total);
  if (total === 0) return [];
  const examples = await session.rows(`${REPEATED} ORDER BY event_id LIMIT ${EXAMPLES}`);
  const ids = examples.map((row) => String(row.event_id)).join(', ');
  return [`${total} event ids stand more than once in events: ${ids}.`];
}

async function misnoted(session: LakeSession): Promise<string[]> {
  const [row] = await session.rows(MISNOTED);
  const total = count(row?.total);
  return total === 0 ? [] : [`${total} events have another record_hash than their bytes.`];
}

async function minutes(session: LakeSession, events: number): Promise<string[]> {
  const [sum] = await session.rows('SELECT coalesce(sum(events), 0)::BIGINT AS total FROM minute_counts');
  const total = count(sum?.total);
  return total === events ? [] : [`The minute counts add up to ${total} events, events holds ${events}.`];
}
