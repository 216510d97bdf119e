"""A serving folder with made-up listening: `python tests/serving_fixture.py DIR`."""

import json
import math
import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pandas as pd
from report_fixture import write_reports

END = datetime(2026, 1, 12)
_COUNTRIES = ["DE", "US", "GB", "FR", "BR", "JP", "SE", "NL", "ES", "PL", "IN"]
_DEVICES = ["mobile", "desktop", "speaker", "web", "car", "tv"]
_FIRST = ["Silver", "Paper", "Midnight", "Amber", "Northern", "Slow", "Velvet", "Glass", "Quiet", "Electric"]
_SECOND = [
    "Harbour",
    "Letters",
    "Static",
    "Orchard",
    "Tides",
    "Parade",
    "Satellite",
    "Garden",
    "Engine",
    "Mirrors",
]
_GENRES = ["pop", "rock", "electronic", "jazz", "hip hop", "folk"]

_MARTS = """
create table hourly_activity as
select
    date_trunc('hour', occurred_at) as activity_hour,
    count(*) as playbacks,
    count(*) filter (not skipped) as plays,
    count(*) filter (skipped) as skips,
    count(*) filter (ms_played >= 30000) as streams,
    count(distinct listener_id) as listeners,
    count(distinct session_id) as sessions,
    count(*) filter (liked) as likes,
    0::bigint as playlists_created,
    sum(ms_played) as ms_played,
    count(*) filter (skipped) / count(*) as skip_rate
from playbacks group by all;
create table sessions as
select
    session_id,
    any_value(listener_id) as listener_id,
    min(occurred_at) as started_at,
    max(occurred_at) as ended_at,
    min(occurred_at)::date as session_date,
    any_value(device) as device,
    any_value(country) as country,
    count(*) as playbacks,
    count(*) filter (skipped) as skips,
    sum(ms_played) as ms_played,
    count(*) filter (liked) as likes
from playbacks group by session_id;
create table listeners as
select listener_id, min(occurred_at) as first_seen_at, max(occurred_at) as last_seen_at, count(*) as playbacks
from playbacks group by listener_id;
create view track_days as
select
    occurred_at::date as activity_date,
    track_id, track_title, artist_id, artist_name, genre,
    count(*) as playbacks,
    count(*) filter (ms_played >= 30000) as streams,
    count(*) filter (skipped) as skips,
    count(distinct listener_id) as listeners,
    sum(ms_played) as ms_played
from playbacks group by all;
create view artist_days as
select
    occurred_at::date as activity_date,
    artist_id, artist_name,
    count(*) as playbacks,
    count(*) filter (ms_played >= 30000) as streams,
    count(*) filter (skipped) as skips,
    count(distinct listener_id) as listeners,
    sum(ms_played) as ms_played
from playbacks group by all;
create table daily_track_charts as
select
    *,
    row_number() over (
        partition by activity_date order by streams desc, ms_played desc, track_id
    ) as chart_rank
from track_days;
create table daily_artist_charts as
select
    *,
    row_number() over (
        partition by activity_date order by streams desc, ms_played desc, artist_id
    ) as chart_rank
from artist_days;
drop view track_days;
drop view artist_days;
create table snapshot_info as select 'fixture' as version;
drop table playbacks;
"""


def _titles(chance: random.Random, number: int) -> list[str]:
    names = [f"{one} {two}" for one in _FIRST for two in _SECOND]
    chance.shuffle(names)
    return names[:number]


def playbacks(days: int, per_day: int, seed: int = 7) -> pd.DataFrame:
    """A row a playback: busier in the evening, a long tail of tracks, tastes that drift from day to day."""
    chance = random.Random(seed)
    artists = _titles(chance, 24)
    tracks = _titles(chance, 90)
    pull = [1 / (index + 3) ** 0.8 for index in range(len(tracks))]
    homes = chance.choices(_COUNTRIES, weights=range(len(_COUNTRIES), 0, -1), k=300)
    rows = []
    for day in range(days):
        pull = [weight * chance.uniform(0.75, 1.33) for weight in pull]
        for session in range(per_day // 8):
            hour = min(
                23.9, max(0, chance.gauss(18, 3.5) if chance.random() < 0.6 else chance.uniform(5, 23))
            )
            at = END - timedelta(days=days - day) + timedelta(hours=hour)
            listener = chance.randrange(len(homes))
            device = chance.choices(_DEVICES, weights=[50, 20, 12, 9, 6, 3])[0]
            for track in chance.choices(range(len(tracks)), weights=pull, k=chance.randint(3, 13)):
                skip = chance.random() < 0.31 + 0.06 * math.sin(day + hour / 6)
                ms = chance.randint(3_000, 60_000) if skip else chance.randint(140_000, 260_000)
                at = min(at + timedelta(milliseconds=ms), END - timedelta(seconds=1))
                rows.append(
                    {
                        "occurred_at": at,
                        "listener_id": f"L{listener:04}",
                        "session_id": f"S{day:03}-{session:04}",
                        "device": device,
                        "country": homes[listener],
                        "track_id": f"T{track:03}",
                        "track_title": tracks[track],
                        "artist_id": f"A{track % len(artists):02}",
                        "artist_name": artists[track % len(artists)],
                        "genre": _GENRES[track % len(_GENRES)],
                        "skipped": skip,
                        "liked": chance.random() < 0.05,
                        "ms_played": ms,
                    }
                )
    return pd.DataFrame(rows)


def build_marts(connection: duckdb.DuckDBPyConnection, rows: pd.DataFrame) -> None:
    connection.register("given", rows)
    connection.execute("create table playbacks as select * from given")
    connection.unregister("given")
    connection.execute(_MARTS)


def write_snapshot(
    serving: Path, version: str, rows: pd.DataFrame, published_at: datetime | None = None
) -> Path:
    """The snapshot, then the pointer to it: the order in which the platform publishes."""
    serving.mkdir(parents=True, exist_ok=True)
    file = serving / f"serving-{version}.duckdb"
    with duckdb.connect(str(file)) as connection:
        build_marts(connection, rows)
    point_to(serving, version, file.name, published_at)
    return file


def point_to(serving: Path, version: str, file: str, published_at: datetime | None = None) -> None:
    pointer = {
        "version": version,
        "file": file,
        "published_at": (published_at or datetime.now(UTC)).isoformat(),
        "window": "2026-01-11T23:00Z",
    }
    fresh = serving / "current.json.new"
    fresh.write_text(json.dumps(pointer), encoding="utf-8")
    fresh.replace(serving / "current.json")


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    write_snapshot(folder, f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}", playbacks(days=12, per_day=900))
    write_reports(folder)
