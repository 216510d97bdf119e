"""Where and on what people listen, from the sessions that began in the period."""

from datetime import date

import duckdb
import pandas as pd


def _split(
    connection: duckdb.DuckDBPyConnection, column: str, first: date, last: date, limit: int
) -> pd.DataFrame:
    """`name`, `playbacks`, `sessions`, `listeners`, `skip_rate`, `share`; the rest is in a row `Other`.

    Listeners of `Other` may be counted more than once: the same person can be in two of its members.
    """
    # Safe to format: `column` is one of the two names below, never a reader's input.
    return connection.execute(
        f"""
        with members as (
            select
                {column} as member,
                sum(playbacks) as playbacks,
                sum(skips) as skips,
                count(*) as sessions,
                count(distinct listener_id) as listeners
            from sessions
            where session_date between $first and $last
            group by all
        ),
        ranked as (
            select *, row_number() over (order by playbacks desc, member) as place from members
        )
        select
            case when place <= $limit then coalesce(member, 'Unknown') else 'Other' end as name,
            sum(playbacks)::bigint as playbacks,
            sum(sessions)::bigint as sessions,
            sum(listeners)::bigint as listeners,
            sum(skips) / nullif(sum(playbacks), 0) as skip_rate,
            sum(playbacks) / nullif(sum(sum(playbacks)) over (), 0) as share
        from ranked
        group by name
        order by min(place)
        """,  # noqa: S608
        {"first": first, "last": last, "limit": limit},
    ).df()


def countries(connection: duckdb.DuckDBPyConnection, first: date, last: date, limit: int = 5) -> pd.DataFrame:
    return _split(connection, "country", first, last, limit)


def devices(connection: duckdb.DuckDBPyConnection, first: date, last: date, limit: int = 6) -> pd.DataFrame:
    return _split(connection, "device", first, last, limit)
