import { withDuckDb } from '../../../clients/duckdb-file.ts';

const change = (file: string, sql: string): Promise<unknown> =>
  withDuckDb(file, (connection) => connection.run(sql));

/** The part of the marts that is audited, made in one go from two windows of which the second repeats some events. */
export async function makeMartsIn(file: string): Promise<void> {
  await change(
    file,
    `
    CREATE SCHEMA intermediate;
    CREATE TABLE intermediate.int_events_deduplicated AS
      SELECT *, CAST(occurred_at AS DATE) AS activity_date, date_trunc('hour', occurred_at) AS activity_hour FROM lake.events
      QUALIFY row_number() OVER (PARTITION BY event_id ORDER BY window_start, kafka_partition, kafka_offset) = 1;
    CREATE SCHEMA marts;`,
  );
  await makeHoursIn(file);
  await change(
    file,
    `
    CREATE TABLE marts.sessions AS SELECT session_id, min(CAST(occurred_at AS DATE)) AS session_date, count(*) AS playbacks
      FROM lake.events GROUP BY ALL;
    CREATE TABLE marts.daily_track_charts AS SELECT activity_date, track_id, count(*) AS playbacks
      FROM intermediate.int_events_deduplicated GROUP BY ALL;
    CREATE TABLE marts.daily_artist_charts AS SELECT activity_date, artist_id, count(*) AS playbacks
      FROM intermediate.int_events_deduplicated GROUP BY ALL`,
  );
}

export const makeHoursIn = (file: string): Promise<unknown> =>
  change(
    file,
    `CREATE OR REPLACE TABLE marts.hourly_activity AS SELECT activity_hour,
      count(*) FILTER (event_type = 'track_played') AS plays, count(*) FILTER (event_type = 'track_skipped') AS skips,
      count(*) FILTER (event_type = 'track_liked') AS likes,
      count(*) FILTER (event_type = 'playlist_created') AS playlists_created
    FROM intermediate.int_events_deduplicated GROUP BY ALL`,
  );
