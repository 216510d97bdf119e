"""Playbacks, listeners and sessions over time. Days are inclusive, and everything is UTC."""

from datetime import date

import duckdb
import pandas as pd

# The rate of a handful of late events is noise: no trend is stated for fewer playbacks.
FEWEST_FOR_A_RATE = 10


def span(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """One row: `first_day`, `last_day` of the snapshot; both null when it holds no activity."""
    return connection.execute(
        """
        select
            min(activity_hour)::date as first_day,
            max(activity_hour)::date as last_day
        from hourly_activity
        """
    ).df()


def totals(connection: duckdb.DuckDBPyConnection, first: date, last: date) -> pd.DataFrame:
    """One row. A listener who was there in many hours counts once; a session counts on the day it began."""
    return connection.execute(
        """
        with activity as (
            select
                coalesce(sum(playbacks), 0)::bigint as playbacks,
                coalesce(sum(plays), 0)::bigint as plays,
                coalesce(sum(skips), 0)::bigint as skips,
                coalesce(sum(streams), 0)::bigint as streams,
                coalesce(sum(ms_played), 0)::bigint as ms_played,
                coalesce(sum(likes), 0)::bigint as likes,
                coalesce(sum(playlists_created), 0)::bigint as playlists_created,
                count(*)::bigint as hours_with_activity
            from hourly_activity
            where activity_hour::date between $first and $last
        ),
        audience as (
            select
                count(distinct listener_id)::bigint as listeners,
                count(*)::bigint as sessions
            from sessions
            where session_date between $first and $last
        )
        select
            *,
            skips / nullif(playbacks, 0) as skip_rate
        from activity cross join audience
        """,
        {"first": first, "last": last},
    ).df()


def by_hour(connection: duckdb.DuckDBPyConnection, first: date, last: date) -> pd.DataFrame:
    """`bucket` (the hour's start), counts, `skip_rate`, and `skip_rate_24h`.

    The latter is skips over playbacks in the 24 hours that end with this one, those before `first` included;
    it is null when they are fewer than FEWEST_FOR_A_RATE.
    """
    return connection.execute(
        """
        with hours as (
            select
                activity_hour::timestamp as bucket,
                playbacks::bigint as playbacks,
                plays::bigint as plays,
                skips::bigint as skips,
                listeners::bigint as listeners,
                sessions::bigint as sessions,
                ms_played::bigint as ms_played,
                skips / nullif(playbacks, 0) as skip_rate,
                case
                    when sum(playbacks) over trailing_day >= $fewest
                        then sum(skips) over trailing_day / sum(playbacks) over trailing_day
                end as skip_rate_24h
            from hourly_activity
            window trailing_day as (
                order by activity_hour range between interval 23 hours preceding and current row
            )
        )
        select * from hours
        where bucket::date between $first and $last
        order by bucket
        """,
        {"first": first, "last": last, "fewest": FEWEST_FOR_A_RATE},
    ).df()


def by_day(connection: duckdb.DuckDBPyConnection, first: date, last: date) -> pd.DataFrame:
    """As `by_hour`, a row a day, with `skip_rate_7d`. Listeners are those whose session began that day."""
    return connection.execute(
        """
        with activity as (
            select
                activity_hour::date as day,
                sum(playbacks)::bigint as playbacks,
                sum(plays)::bigint as plays,
                sum(skips)::bigint as skips,
                sum(ms_played)::bigint as ms_played
            from hourly_activity
            group by all
        ),
        audience as (
            select
                session_date as day,
                count(distinct listener_id)::bigint as listeners,
                count(*)::bigint as sessions
            from sessions
            group by all
        ),
        days as (
            select
                day,
                playbacks,
                plays,
                skips,
                coalesce(listeners, 0) as listeners,
                coalesce(sessions, 0) as sessions,
                ms_played,
                skips / nullif(playbacks, 0) as skip_rate,
                case
                    when sum(playbacks) over trailing_week >= $fewest
                        then sum(skips) over trailing_week / sum(playbacks) over trailing_week
                end as skip_rate_7d
            from activity left join audience using (day)
            window trailing_week as (order by day range between interval 6 days preceding and current row)
        )
        select day::timestamp as bucket, * exclude (day) from days
        where day between $first and $last
        order by bucket
        """,
        {"first": first, "last": last, "fewest": FEWEST_FOR_A_RATE},
    ).df()
