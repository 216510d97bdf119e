import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { WAREHOUSE_COLUMNS } from '../../clients/warehouse.ts';
import { WAREHOUSE_TABLES } from '../../contracts/tables.ts';
import { windowBounds, type WindowId } from '../../contracts/window.ts';

/** Three hours around a midnight. */
export const WINDOWS: readonly [WindowId, WindowId, WindowId] = [
  '2026-01-05T22:00Z',
  '2026-01-05T23:00Z',
  '2026-01-06T00:00Z',
];

/** Distinct events in each window, those included that another window holds too. */
export const EVENTS_PER_WINDOW = 400;
/** Events of the window before that arrive again in the window. */
const REPEATED = 15;

const hours = (count: number | string): string => `to_hours((${count})::INT)`;

const minuteCounts = (where: string): string =>
  `SELECT window_start, date_trunc('minute', occurred_at) AS minute, event_type, country, device,
      count(*) AS events, coalesce(sum(ms_played), 0)::BIGINT AS ms_played
    FROM all_events WHERE ${where} GROUP BY ALL`;

/**
 * A lake of three windows: the second and third bring late events (some for the day before the first), and each repeats
 * some events of the one before. One repeat claims another day than its first arrival.
 */
export async function openFixtureLake(): Promise<FixtureLake> {
  const instance = await DuckDBInstance.create(':memory:', { autoinstall_known_extensions: 'false' });
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  const start = `TIMESTAMPTZ '${windowBounds(WINDOWS[0]).start}'`;
  await connection.run(`CREATE TABLE all_events AS
    WITH numbered AS (
      SELECT w, i, w * ${EVENTS_PER_WINDOW} + i AS n, hash(w, i) AS h
      FROM range(${WINDOWS.length}) windows(w), range(${EVENTS_PER_WINDOW}) events(i)
    ), listened AS (
      SELECT *, ${start} + ${hours('w')} AS window_start, n % 37 AS listener, n % 23 AS track,
        (['track_played', 'track_played', 'track_skipped', 'track_played', 'track_liked', 'playlist_created'])[1 + n % 6] AS event_type,
        -- Every tenth is an hour late, every fortieth a day and a half.
        CASE WHEN i % 40 = 7 THEN ${hours('36')} WHEN i % 10 = 3 THEN ${hours('1')} ELSE ${hours('0')} END AS late
      FROM numbered
    )
    SELECT window_start, event_type, md5('event ' || n) AS event_id, 1 AS schema_version,
      window_start + to_milliseconds((h % 3600000)::BIGINT) - late AS occurred_at, window_start AS sent_at,
      'listener-' || listener AS listener_id, 'session-' || listener || '-' || (listener + w) // 7 AS session_id,
      (['mobile', 'desktop', 'car'])[1 + (h % 3)::INT] AS device, (['DE', 'SE', 'BR'])[1 + listener % 3] AS country, 'synthetic' AS source,
      CASE WHEN event_type != 'playlist_created' THEN 'track-' || track END AS track_id,
      CASE WHEN event_type IN ('track_played', 'track_skipped') THEN (h % 60000)::BIGINT END AS ms_played,
      CASE WHEN event_type = 'playlist_created' THEN 'playlist-' || n END AS playlist_id,
      CASE WHEN event_type = 'playlist_created' THEN 'Müsli & "Mittagsschlaf"' END AS playlist_name,
      -- The catalogue does not know every track.
      CASE WHEN track_id IS NOT NULL AND track != 5 THEN 'Song ' || track END AS track_title,
      CASE WHEN track_title IS NOT NULL THEN 'artist-' || track % 6 END AS artist_id,
      CASE WHEN track_title IS NOT NULL THEN 'Artist ' || track % 6 END AS artist_name,
      CASE WHEN track_title IS NOT NULL THEN 'rock' END AS genre,
      CASE WHEN track_title IS NOT NULL THEN DATE '2020-02-29' END AS release_date,
      (n % 4)::INT AS kafka_partition, n::BIGINT AS kafka_offset, h::HUGEINT % 9223372036854775807 - 4611686018427387904 AS record_hash
    FROM listened`);
  await connection.run(`INSERT INTO all_events BY NAME
    SELECT * REPLACE (window_start + ${hours('1')} AS window_start, kafka_offset + 100000 AS kafka_offset,
      CASE WHEN kafka_offset % ${EVENTS_PER_WINDOW} = 0 THEN occurred_at + ${hours('26')} ELSE occurred_at END AS occurred_at)
    FROM all_events
    WHERE kafka_offset % ${EVENTS_PER_WINDOW} < ${REPEATED} AND window_start < ${start} + ${hours('2')}`);
  await connection.run(`CREATE TABLE all_quarantine AS
    SELECT window_start, 'malformed_json' AS reason_code, 'The bytes are not a JSON object in UTF-8.' AS reason,
      'events' AS kafka_topic, kafka_partition, kafka_offset + 200000 AS kafka_offset, record_hash
    FROM all_events WHERE kafka_offset % 100 = 1`);
  await connection.run(`CREATE TABLE all_minute_counts AS ${minuteCounts('true')}`);
  return new FixtureLake(instance, connection);
}

export class FixtureLake {
  readonly instance: DuckDBInstance;
  readonly connection: DuckDBConnection;

  constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.instance = instance;
    this.connection = connection;
  }

  /**
   * Cuts the views of the lake's tables to the window, with every column that the contract names.
   * @param where which of its events, in a lake that has no others
   */
  async at(window: WindowId, where = 'true'): Promise<DuckDBConnection> {
    for (const table of WAREHOUSE_TABLES) {
      const reader = await this.connection.runAndReadAll(
        `SELECT column_name FROM duckdb_columns() WHERE table_name = 'all_${table}'`,
      );
      const known = new Set(reader.getRows().map(([name]) => String(name)));
      const columns = WAREHOUSE_COLUMNS[table].map(({ name }) =>
        known.has(name) ? name : `NULL AS "${name}"`,
      );
      const rows = table === 'minute_counts' ? `(${minuteCounts(where)})` : `all_${table}`;
      await this.connection.run(`CREATE OR REPLACE VIEW ${table} AS SELECT ${columns.join(', ')} FROM ${rows}
        WHERE window_start = TIMESTAMPTZ '${windowBounds(window).start}' AND ${table === 'events' ? where : 'true'}`);
    }
    return this.connection;
  }

  close(): void {
    this.connection.closeSync();
    this.instance.closeSync();
  }
}
