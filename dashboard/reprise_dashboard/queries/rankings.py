"""Top tracks and artists of a period, how they moved since the period before, and their place day by day."""

from datetime import date
from typing import NamedTuple

import duckdb
import pandas as pd


class _Chart(NamedTuple):
    table: str
    key: str
    title: str
    subtitle: str


_TRACKS = _Chart("daily_track_charts", "track_id", "track_title", "artist_name")
_ARTISTS = _Chart("daily_artist_charts", "artist_id", "artist_name", "''")

# The order of the daily charts in the warehouse, so that a period of one day is that day's chart.
_ORDER = "streams desc, ms_played desc, id"


def _ranked(chart: _Chart, first: str, last: str) -> str:
    """A row a member of the chart, between the parameters named `first` and `last`."""
    return f"""
        select *, row_number() over (order by {_ORDER}) as place
        from (
            select
                {chart.key} as id,
                coalesce(any_value({chart.title}), {chart.key}) as title,
                coalesce(any_value({chart.subtitle}), '') as subtitle,
                sum(playbacks)::bigint as playbacks,
                sum(streams)::bigint as streams,
                sum(skips)::bigint as skips,
                sum(ms_played)::bigint as ms_played
            from {chart.table}
            where activity_date between ${first} and ${last}
            group by {chart.key}
        )
    """  # noqa: S608


def _top(
    connection: duckdb.DuckDBPyConnection, chart: _Chart, days: tuple[date, date, date, date], limit: int
) -> pd.DataFrame:
    """`place`, `id`, `title`, `subtitle`, counts, `skip_rate`, `moved`, `is_new`.

    `moved` is the number of places won since the earlier period: null for an entry that was not there, and
    for all when the earlier period has no data; `is_new` tells the one from the other.
    """
    first, last, earlier_first, earlier_last = days
    return connection.execute(
        f"""
        with now as ({_ranked(chart, "first", "last")}),
        earlier as ({_ranked(chart, "earlier_first", "earlier_last")})
        select
            now.place,
            now.id,
            now.title,
            now.subtitle,
            now.playbacks,
            now.streams,
            now.skips,
            now.ms_played,
            now.skips / nullif(now.playbacks, 0) as skip_rate,
            earlier.place - now.place as moved,
            earlier.place is null and exists (select 1 from earlier) as is_new
        from now left join earlier using (id)
        order by now.place
        limit $limit
        """,  # noqa: S608
        {
            "first": first,
            "last": last,
            "earlier_first": earlier_first,
            "earlier_last": earlier_last,
            "limit": limit,
        },
    ).df()


def _places(
    connection: duckdb.DuckDBPyConnection, chart: _Chart, first: date, last: date, limit: int
) -> pd.DataFrame:
    """`day`, `id`, `title`, `place`, `streams`, `period_place` of the period's top, day by day."""
    return connection.execute(
        f"""
        with top as (
            select id, place as period_place
            from ({_ranked(chart, "first", "last")})
            order by place limit $limit
        ),
        daily as (
            select
                activity_date as day,
                {chart.key} as id,
                coalesce({chart.title}, {chart.key}) as title,
                streams::bigint as streams,
                chart_rank::bigint as place
            from {chart.table}
            where activity_date between $first and $last
        )
        select day::timestamp as day, id, title, place, streams, period_place
        from daily join top using (id)
        order by day, place
        """,  # noqa: S608
        {"first": first, "last": last, "limit": limit},
    ).df()


def top_tracks(
    connection: duckdb.DuckDBPyConnection, days: tuple[date, date, date, date], limit: int = 10
) -> pd.DataFrame:
    return _top(connection, _TRACKS, days, limit)


def top_artists(
    connection: duckdb.DuckDBPyConnection, days: tuple[date, date, date, date], limit: int = 10
) -> pd.DataFrame:
    return _top(connection, _ARTISTS, days, limit)


def track_places(
    connection: duckdb.DuckDBPyConnection, first: date, last: date, limit: int = 6
) -> pd.DataFrame:
    return _places(connection, _TRACKS, first, last, limit)


def artist_places(
    connection: duckdb.DuckDBPyConnection, first: date, last: date, limit: int = 6
) -> pd.DataFrame:
    return _places(connection, _ARTISTS, first, last, limit)
