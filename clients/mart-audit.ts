import { type HopRecord, NAMED_RECORDS } from '../contracts/hop-report.ts';
import type { HopCount } from '../contracts/hops.ts';
import { contentByMart, type MartRows } from '../contracts/hops.ts';
import { type Dialect, type MartColumn, martContentSql, martRows } from './mart-content.ts';
import { type Mart, quoteText } from './warehouse.ts';

/** What the marts say of the days that a window touches, beside what the events make. */
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
  /** The window's start, in the dialect. */
  windowStart: string;
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
export const DAY_OF: Partial<Record<Mart, string>> = {
  hourly_activity: 'CAST(activity_hour AS DATE)',
  sessions: 'session_date',
  daily_track_charts: 'activity_date',
  daily_artist_charts: 'activity_date',
};

const NOTHING: HopCount = { total: 0, content_hash: null, by: {} };

const counted = (rows: readonly Record<string, unknown>[]): Record<string, number> =>
  Object.fromEntries(rows.map((row) => [String(row.event_type), Number(row.total ?? 0)]));

/**
 * Of other windows nothing is asked: they may be loaded while this one is built, and are built later.
 * @param dates UTC days (`2026-01-05`) that the window touches
 */
export async function auditMarts(tables: AuditedTables, dates: readonly string[]): Promise<MartAudit> {
  if (dates.length === 0) return { expected: NOTHING, observed: NOTHING, records: [] };
  const days = dates.map((date) => `DATE ${quoteText(date)}`).join(', ');
  const types = TYPES.map(quoteText).join(', ');
  const byType = async (events: string, number = '*'): Promise<Record<string, number>> =>
    counted(
      await tables.query(`SELECT event_type, CAST(COUNT(${number}) AS STRING) AS total FROM ${events}
        WHERE event_type IN (${types}) GROUP BY event_type`),
    );
  const { missing, extra } = differencesSql(tables);
  const [lost, foreign] = [await byType(`(${missing}) AS events`), await byType(`(${extra}) AS events`)];
  const made = await byType(
    `(SELECT * FROM ${tables.deduplicated} WHERE activity_date IN (${days})) AS events`,
    'DISTINCT event_id',
  );
  const sums = Object.entries(COUNTED).map(
    ([type, column]) => `SELECT ${quoteText(type)} AS event_type, CAST(SUM(${column}) AS STRING) AS total
      FROM ${tables.mart('hourly_activity')} WHERE CAST(activity_hour AS DATE) IN (${days})`,
  );
  const hours = counted(await tables.query(sums.join(' UNION ALL ')));
  const { content_hash, content_hashes } = contentByMart(await contents(tables, days));
  return {
    expected: countOf(
      Object.fromEntries(
        TYPES.map((type) => [type, (made[type] ?? 0) + (lost[type] ?? 0) - (foreign[type] ?? 0)]),
      ),
    ),
    observed: { ...countOf(hours), content_hash, ...(content_hashes ? { content_hashes } : {}) },
    records: [...(await named(tables, 'missing', missing)), ...(await named(tables, 'extra', extra))],
  };
}

function countOf(by: Record<string, number>): HopCount {
  const some = Object.entries(by).filter(([, total]) => total !== 0);
  return {
    ...{ total: some.reduce((sum, [, total]) => sum + total, 0), content_hash: null },
    by: Object.fromEntries(some),
  };
}

/**
 * The window's events that are not among those of which the marts are made, and what stands there as the window's. An event
 * that another window has brought first counts as that one's.
 */
function differencesSql({ events, deduplicated, windowStart }: AuditedTables) {
  const own = `SELECT event_id, event_type FROM ${events} WHERE window_start = ${windowStart}`;
  const made = `SELECT event_id, event_type, window_start FROM ${deduplicated}`;
  return {
    missing: `SELECT own.event_id, own.event_type FROM (${own}) AS own
      LEFT JOIN (${made}) AS made ON own.event_id = made.event_id
        AND (made.window_start != ${windowStart} OR own.event_type = made.event_type)
      WHERE made.event_id IS NULL`,
    extra: `SELECT made.event_id, made.event_type FROM (${made} WHERE window_start = ${windowStart}) AS made
      LEFT JOIN (${own}) AS own ON own.event_id = made.event_id AND own.event_type = made.event_type
      WHERE own.event_id IS NULL`,
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

async function named(
  tables: AuditedTables,
  finding: HopRecord['finding'],
  events: string,
): Promise<HopRecord[]> {
  const rows = await tables.query(
    `SELECT event_id, event_type FROM (${events}) AS events ORDER BY event_id, event_type LIMIT ${NAMED_RECORDS}`,
  );
  return rows.map(({ event_id: id, event_type: type }) => ({
    ...{ finding, type: String(type), event_id: String(id) },
  }));
}
