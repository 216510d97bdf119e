import type { DuckDBConnection } from '@duckdb/node-api';
import { type HopRecord, NAMED_RECORDS } from '../contracts/hop-report.ts';
import { quoteText } from './warehouse.ts';

/** Made by the caller: what the warehouse has of the window, `event_id`, `event_type` and `record_hash`. */
export const LOADED_EVENTS = 'loaded_events';

/** Events are told apart by the first characters of their id, where a warehouse is too far away to be read whole. */
export const BUCKET = 'SUBSTR(event_id, 1, 3)';
/** So many buckets hold more events than anybody will look at. */
export const MOST_BUCKETS = 2 * NAMED_RECORDS;

/**
 * Up to ten events that the lake's window has and the loaded rows lack, and the other way round.
 * @param buckets only those; absent: all
 */
export async function loadDifferences(
  lake: DuckDBConnection,
  buckets?: readonly string[],
): Promise<HopRecord[]> {
  if (buckets?.length === 0) return [];
  const where = buckets ? `WHERE ${BUCKET} IN (${buckets.map(quoteText).join(', ')})` : '';
  const reader = await lake.runAndReadAll(`
    SELECT event_type, event_id, sum(found) > 0 AS is_extra FROM (
      SELECT event_type, event_id, record_hash, -1 AS found FROM events ${where}
      UNION ALL SELECT event_type, event_id, record_hash, 1 FROM ${LOADED_EVENTS})
    GROUP BY event_type, event_id, record_hash HAVING sum(found) <> 0
    QUALIFY row_number() OVER (PARTITION BY sum(found) > 0 ORDER BY event_id, event_type) <= ${NAMED_RECORDS}
    ORDER BY is_extra, event_id, event_type`);
  return reader.getRows().map(([type, id, isExtra]) => ({
    finding: isExtra === true ? 'extra' : 'missing',
    type: String(type).slice(0, 64),
    event_id: String(id).slice(0, 64),
  }));
}
