import { type HopRecord, NAMED_RECORDS } from '../contracts/hop-report.ts';
import type { HopCount } from '../contracts/hops.ts';
import { contentByMart, type MartRows } from '../contracts/hops.ts';
import { type Dialect, type MartColumn, martContentSql, martRows } from './mart-content.ts';
import { type Mart, quoteText } from './warehouse.ts';

/** What the marts say of some days, beside what the events of those days make. */
export interface MartAudit {
  expected: HopCount;
  observed: HopCount;
  /** Events that the marts should have been made of and were not, and the other way round. */
  records: HopRecord[];
}

/** Where a warehouse has its tables, and how it is asked. */
export interface AuditedTables {
  dialect: Dialect;
  events: string;
  /** Of the dbt project: each event once, in the window of its first arrival. */
  deduplicated: string;
  mart(mart: Mart): string;
  columns(mart: Mart): Promise<MartColumn[]>;
  query(sql: string): Promise<Record<string, unknown>[]>;
}

/** The types that the hours count, each by the column that counts it. No mart counts what is added to playlists. */
const COUNTED = {
  track_played: 'plays',
  track_skipped: 'skips',
  track_liked: 'likes',
  playlist_created: 'playlists_created',
};
const TYPES = Object.keys(COUNTED);

/** By which day a row of a mart is told. `listeners` adds all days up. */
const DAY_OF: Partial<Record<Mart, string>> = {
  hourly_activity: 'CAST(activity_hour AS DATE)',
  sessions: 'session_date',
  daily_track_charts: 'activity_date',
  daily_artist_charts: 'activity_date',
};

const NOTHING: HopCount = { total: 0, content_hash: null, by: {} };

/** What counts on those days: of each event id the first to have arrived, wherever its other copies are. */
function arrivalsSql(events: string, days: string): string {
  return `SELECT event_id, event_type FROM (
      SELECT event_id, event_type, CAST(occurred_at AS DATE) AS activity_date,
        ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY window_start, kafka_partition, kafka_offset) AS arrival
      FROM ${events}
      WHERE event_id IN (SELECT own.event_id FROM ${events} AS own WHERE CAST(own.occurred_at AS DATE) IN (${days}))
    ) AS copies
    WHERE arrival = 1 AND activity_date IN (${days})`;
}

function counted(rows: readonly Record<string, unknown>[]): HopCount {
  const by = Object.fromEntries(
    rows
      .map((row) => [String(row.event_type), Number(row.total ?? 0)] as const)
      .filter(([, total]) => total > 0),
  );
  return { total: Object.values(by).reduce((sum, total) => sum + total, 0), content_hash: null, by };
}

/** @param dates UTC days (`2026-01-05`) */
export async function auditMarts(tables: AuditedTables, dates: readonly string[]): Promise<MartAudit> {
  if (dates.length === 0) return { expected: NOTHING, observed: NOTHING, records: [] };
  const days = dates.map((date) => `DATE ${quoteText(date)}`).join(', ');
  const arrivals = arrivalsSql(tables.events, days);
  const types = TYPES.map(quoteText).join(', ');
  const expected = counted(
    await tables.query(`SELECT event_type, CAST(COUNT(*) AS STRING) AS total FROM (${arrivals}) AS arrivals
      WHERE event_type IN (${types}) GROUP BY event_type`),
  );
  const sums = Object.entries(COUNTED).map(
    ([type, column]) => `SELECT ${quoteText(type)} AS event_type, CAST(SUM(${column}) AS STRING) AS total
      FROM ${tables.mart('hourly_activity')} WHERE CAST(activity_hour AS DATE) IN (${days})`,
  );
  const observed = counted(await tables.query(sums.join(' UNION ALL ')));
  const { content_hash, content_hashes } = contentByMart(await contents(tables, days));
  const differs = TYPES.some((type) => expected.by?.[type] !== observed.by?.[type]);
  return {
    expected,
    observed: { ...observed, content_hash, ...(content_hashes ? { content_hashes } : {}) },
    records: differs ? await differences(tables, arrivals, days) : [],
  };
}

async function contents(tables: AuditedTables, days: string): Promise<Record<string, MartRows>> {
  const marts: Record<string, MartRows> = {};
  for (const [mart, day] of Object.entries(DAY_OF) as [Mart, string][]) {
    const rows = `(SELECT * FROM ${tables.mart(mart)} WHERE ${day} IN (${days})) AS some_days`;
    const [row = {}] = await tables.query(martContentSql(tables.dialect, rows, await tables.columns(mart)));
    marts[mart] = martRows(row);
  }
  return marts;
}

async function differences(tables: AuditedTables, arrivals: string, days: string): Promise<HopRecord[]> {
  const made = `SELECT event_id, event_type FROM ${tables.deduplicated} WHERE activity_date IN (${days})`;
  const lacking = async (finding: HopRecord['finding'], one: string, other: string): Promise<HopRecord[]> => {
    const rows = await tables.query(`SELECT one.event_id, one.event_type FROM (${one}) AS one
      LEFT JOIN (${other}) AS other ON one.event_id = other.event_id AND one.event_type = other.event_type
      WHERE other.event_id IS NULL ORDER BY one.event_id, one.event_type LIMIT ${NAMED_RECORDS}`);
    return rows.map(({ event_id: id, event_type: type }) => ({
      finding,
      type: String(type),
      event_id: String(id),
    }));
  };
  return [...(await lacking('missing', arrivals, made)), ...(await lacking('extra', made, arrivals))];
}
