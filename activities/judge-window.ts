import { hash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { LakeRow, LakeSession } from '../clients/lake-reader.ts';
import { quoteText } from '../clients/warehouse.ts';
import { classify } from '../contracts/classify.ts';
import { formatContentHash } from '../contracts/content-hash.ts';
import type { RecordAccount, RecordSet } from '../contracts/ledger.ts';
import { windowBounds, type WindowId } from '../contracts/window.ts';

/** The rules by which a record is judged: the reference, unless a test brings others. */
export type Rules = typeof classify;

interface Progress {
  note(details: Record<string, unknown>): void;
}

const COLUMNS = `{kafka_partition: 'INTEGER', kafka_offset: 'BIGINT', digest: 'UBIGINT', event_id: 'VARCHAR',
  event_type: 'VARCHAR', reason_code: 'VARCHAR'}`;
const judgedFrom = (file: string): string =>
  `CREATE OR REPLACE TEMP TABLE judged AS SELECT * FROM read_json(${quoteText(file)}, format = 'newline_delimited', columns = ${COLUMNS})`;
const SUM = '(coalesce(sum(digest), 0) % 18446744073709551616::HUGEINT)::UBIGINT AS hash';
/** Of valid records with one event_id the first by partition and offset stands, as in Spark's transforms. */
export const SETTLED = `SELECT *, reason_code IS NULL AND row_number() OVER (
    PARTITION BY event_id, reason_code IS NULL ORDER BY kafka_partition, kafka_offset) > 1 AS is_repeat
  FROM judged`;
const PARTS = `SELECT CASE WHEN reason_code IS NOT NULL THEN 'quarantined' WHEN is_repeat THEN 'duplicates' ELSE 'valid' END AS part,
    coalesce(reason_code, event_type) AS name, count(*) AS total, ${SUM}
  FROM (${SETTLED}) GROUP BY ALL ORDER BY ALL`;

/**
 * The account of a window by the rules of today, from the bytes of every record in `raw`, whatever Spark has made of them:
 * what its ledger has to say once a rule is mended.
 * @param folder a folder of one's own: the verdicts go through a file, for a window of millions does not fit into memory,
 *   and a session that writes while it reads loses what it has not read yet
 */
export async function judgeWindow(
  session: LakeSession,
  window: WindowId,
  folder: string,
  progress: Progress,
  rules: Rules = classify,
): Promise<RecordAccount> {
  const endMs = Date.parse(windowBounds(window).end);
  const file = join(folder, 'judged.ndjson');
  let judged = 0;
  async function* verdicts(): AsyncGenerator<string> {
    for await (const rows of session.stream('SELECT kafka_partition, kafka_offset, record_value FROM raw')) {
      yield rows.map((row) => verdict(row, endMs, rules)).join('');
      judged += rows.length;
      progress.note({ judged });
    }
  }
  await pipeline(verdicts, createWriteStream(file));
  await session.rows(judgedFrom(file));
  return accountOf(session);
}

function verdict(row: LakeRow, endMs: number, rules: Rules): string {
  const bytes = Buffer.isBuffer(row.record_value) ? row.record_value : Buffer.alloc(0);
  const found = rules(bytes, endMs);
  return `${JSON.stringify({
    kafka_partition: Number(row.kafka_partition),
    kafka_offset: Number(row.kafka_offset),
    digest: hash('md5', bytes, 'buffer').readBigUInt64BE(0).toString(),
    event_id: found.valid ? found.event.event_id : null,
    event_type: found.valid ? found.event.event_type : null,
    reason_code: found.valid ? null : found.reason_code,
  })}\n`;
}

async function accountOf(session: LakeSession): Promise<RecordAccount> {
  const found = (await session.rows(PARTS)).map((row) => ({
    part: String(row.part),
    name: String(row.name),
    total: Number(row.total),
    hash: row.hash as bigint,
  }));
  const set = (part?: string): RecordSet => {
    const rows = found.filter((row) => part === undefined || row.part === part);
    return {
      total: rows.reduce((sum, row) => sum + row.total, 0),
      content_hash: formatContentHash(rows.reduce((sum, row) => sum + row.hash, 0n)),
    };
  };
  const by = (part: string): Record<string, number> =>
    Object.fromEntries(found.filter((row) => row.part === part).map(({ name, total }) => [name, total]));
  return {
    arrived: set(),
    valid: { ...set('valid'), by_type: by('valid') },
    quarantined: { ...set('quarantined'), by_reason: by('quarantined') },
    duplicates: { ...set('duplicates'), by_type: by('duplicates') },
  };
}
