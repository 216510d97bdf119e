"""The store that the page Now reads: a SQLite file in WAL mode, with one writer, the stream.

The dashboard holds its columns against these: dashboard/tests loads this file alone, so it imports nothing.
Minutes are text, `2026-01-05T08:15:00Z`; instants have milliseconds, `2026-01-05T08:15:30.125Z`.
"""

SCHEMA_VERSION = 1

# Of a closed minute, the tracks with the most plays are kept; one beyond them had at most the last one's.
TRACKS_KEPT_PER_MINUTE = 500

# meta: schema_version, stream, started_at, last_batch,
# watermark (a minute: it and those after it may still change),
# beat_at (a sign of life at least every five seconds, also when no batch ends),
# stopped_at (after a graceful end).
DDL = """
create table if not exists meta (key text primary key, value text) without rowid;
create table if not exists batches (
    batch integer primary key,
    started_at text not null,
    now_at text not null,
    committed_at text,
    records integer not null,
    valid integer not null,
    quarantined integer not null,
    duplicates integer not null,
    late integer not null,
    out_of_order integer not null,
    seconds real not null,
    lag integer not null,
    delay_ms_p50 integer,
    delay_ms_p95 integer,
    delay_ms_max integer
);
create table if not exists minute_counts (
    minute text,
    dimension text,
    value text,
    event_type text,
    events integer not null,
    ms_played integer not null,
    primary key (minute, dimension, value, event_type)
) without rowid;
create table if not exists minute_listeners (
    minute text,
    dimension text,
    value text,
    listeners integer not null,
    primary key (minute, dimension, value)
) without rowid;
create table if not exists track_minutes (
    minute text,
    track_id text,
    plays integer not null,
    skips integer not null,
    primary key (minute, track_id)
) without rowid;
create table if not exists tracks (
    track_id text primary key,
    title text not null,
    artist text not null
) without rowid;
create table if not exists quarantine_minutes (
    minute text,
    reason_code text,
    records integer not null,
    primary key (minute, reason_code)
) without rowid;
create table if not exists late_minutes (minute text primary key, events integer not null) without rowid;
"""
