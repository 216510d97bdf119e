"""Counts by minute, of everyone or of one country, device or genre."""

import sqlite3
from datetime import datetime
from typing import NamedTuple

import pandas as pd

from reprise_dashboard.queries.now.clock import all_minutes, first_of, minute_text

_EVENTS = {"track_played": "plays", "track_skipped": "skips", "track_liked": "likes"}
DIMENSIONS = ("country", "device", "genre")


class Scope(NamedTuple):
    """Whose events are counted."""

    dimension: str
    value: str


EVERYONE = Scope("all", "all")


def minutes(
    connection: sqlite3.Connection, scope: Scope, as_of: datetime, number: int, watermark: str | None
) -> pd.DataFrame:
    """A row for each of the last minutes, also those without events: `plays`, `skips`, `likes`, `listeners`,
    `provisional`."""
    first, last = first_of(as_of, number), minute_text(as_of)
    counted = connection.execute(
        "select minute, event_type, events from minute_counts "
        "where minute between ? and ? and dimension = ? and value = ?",
        (first, last, *scope),
    ).fetchall()
    heard = connection.execute(
        "select minute, listeners from minute_listeners "
        "where minute between ? and ? and dimension = ? and value = ?",
        (first, last, *scope),
    ).fetchall()
    index = all_minutes(as_of, number)
    names = [f"{one:%Y-%m-%dT%H:%M}:00Z" for one in index]
    found: dict[str, dict[str, int]] = {name: {} for name in names}
    for minute, event_type, events in counted:
        if minute in found and event_type in _EVENTS:
            found[minute][_EVENTS[event_type]] = events
    for minute, listeners in heard:
        if minute in found:
            found[minute]["listeners"] = listeners
    frame = pd.DataFrame(
        [
            [found[name].get(column, 0) for column in ("plays", "skips", "likes", "listeners")]
            for name in names
        ],
        columns=["plays", "skips", "likes", "listeners"],
        index=index,
    ).reset_index()
    # Without a watermark no minute is known to be final.
    frame["provisional"] = [watermark is None or name >= watermark for name in names]
    return frame


def scopes(connection: sqlite3.Connection, as_of: datetime, number: int) -> list[Scope]:
    """Every country, device and genre of the last minutes, in alphabetical order within its kind."""
    rows = connection.execute(
        "select distinct dimension, value from minute_counts where minute between ? and ?",
        (first_of(as_of, number), minute_text(as_of)),
    ).fetchall()
    known = [Scope(*row) for row in rows if row[0] in DIMENSIONS and row[1]]
    return sorted(known, key=lambda one: (DIMENSIONS.index(one.dimension), one.value))


def split(
    connection: sqlite3.Connection, dimension: str, as_of: datetime, number: int, limit: int
) -> pd.DataFrame:
    """`name`, `playbacks`, `share`, `skip_rate` over the last minutes; the rest is in a row `Other`."""
    rows = connection.execute(
        """
        select
            value,
            sum(events) as playbacks,
            sum(case when event_type = 'track_skipped' then events else 0 end) as skips
        from minute_counts
        where minute between ? and ? and dimension = ? and event_type in ('track_played', 'track_skipped')
        group by value
        having playbacks > 0
        order by playbacks desc, value
        """,
        (first_of(as_of, number), minute_text(as_of), dimension),
    ).fetchall()
    shown = [(str(row[0] or "Unknown"), *row[1:]) for row in rows[:limit]]
    rest = rows[limit:]
    if rest:
        shown.append(("Other", *(sum(row[place] for row in rest) for place in (1, 2))))
    frame = pd.DataFrame(shown, columns=["name", "playbacks", "skips"])
    total = frame["playbacks"].sum()
    frame["share"] = frame["playbacks"] / total if total else 0.0
    frame["skip_rate"] = frame["skips"] / frame["playbacks"]
    return frame
