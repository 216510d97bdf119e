"""What is played most just now, and what is played more than a moment ago."""

import math
import sqlite3
from datetime import datetime

import pandas as pd

from reprise_dashboard.live.schema import TRACKS_KEPT_PER_MINUTE
from reprise_dashboard.queries.now.clock import first_of, minute_text

TOP_MINUTES = 10
RISING_MINUTES = 5
BEFORE_MINUTES = 25
FEWEST_PLAYS = 20
LEAST_RISE = 1.5
# One-sided, one in two thousand: among the thousands of tracks compared a few would otherwise pass by chance.
_CERTAINTY = 3.29

_TITLE = "coalesce(tracks.title, plays.track_id) as title, coalesce(tracks.artist, '') as artist"


def top_tracks(connection: sqlite3.Connection, as_of: datetime, limit: int) -> pd.DataFrame:
    """`title`, `artist`, `plays`, `skip_rate`: by plays, so by what was heard out."""
    rows = connection.execute(
        f"""
        with plays as (
            select track_id, sum(plays) as plays, sum(skips) as skips
            from track_minutes
            where minute between ? and ?
            group by track_id
            order by 2 desc, 3, 1
            limit ?
        )
        select {_TITLE}, plays.plays, plays.skips
        from plays left join tracks using (track_id)
        order by plays.plays desc, plays.skips, track_id
        """,  # noqa: S608
        (first_of(as_of, TOP_MINUTES), minute_text(as_of), limit),
    ).fetchall()
    frame = pd.DataFrame(rows, columns=["title", "artist", "plays", "skips"])
    frame = frame[frame["plays"] > 0].reset_index(drop=True)
    frame["skip_rate"] = frame["skips"] / (frame["plays"] + frame["skips"])
    return frame


def rise(now: float, before: float, all_now: float, all_before: float) -> tuple[float, float]:
    """How many times its share of before a track has now, and the least that chance leaves of it.

    Plays are counts, so the logarithm of the ratio of two has a variance of about 1/n + 1/m. Half a play is
    added before, so that a track that had none is compared with next to none and not with nothing.
    """
    ratio = (now / all_now) / ((before + 0.5) / all_before)
    doubt = _CERTAINTY * math.sqrt(1 / now + 1 / (before + 0.5))
    return ratio, ratio * math.exp(-doubt)


def _plays_of_all(connection: sqlite3.Connection, first: str, last: str) -> int:
    row = connection.execute(
        "select sum(events) from minute_counts where minute >= ? and minute <= ? "
        "and dimension = 'all' and value = 'all' and event_type = 'track_played'",
        (first, last),
    ).fetchone()
    return row[0] or 0


def rising_tracks(connection: sqlite3.Connection, as_of: datetime, limit: int) -> pd.DataFrame:
    """`title`, `artist`, `plays` (in the last five minutes), `usual` (what its share of the 25 minutes before
    would come to), `ratio`. Where a minute was cut to its most played tracks, one that is not among them
    counts as the last that is: to have been cut never looks like a rise.
    """
    first_now, last = first_of(as_of, RISING_MINUTES), minute_text(as_of)
    first_before = first_of(as_of, RISING_MINUTES + BEFORE_MINUTES)
    last_before = first_of(as_of, RISING_MINUTES + 1)
    all_now = _plays_of_all(connection, first_now, last)
    all_before = _plays_of_all(connection, first_before, last_before)
    columns = ["title", "artist", "plays", "usual", "ratio"]
    if not all_now or not all_before:
        return pd.DataFrame(columns=columns)
    rows = connection.execute(
        f"""
        with plays as (
            select track_id, sum(plays) as now from track_minutes
            where minute between :first_now and :last
            group by track_id having sum(plays) >= :fewest
        ),
        cut as (
            select minute, case when count(*) >= :kept then min(plays) else 0 end as least
            from track_minutes where minute between :first_before and :last_before group by minute
        ),
        before as (
            select track_id, sum(track_minutes.plays) as seen, sum(cut.least) as least_where_seen
            from track_minutes join cut using (minute)
            where minute between :first_before and :last_before group by track_id
        )
        select {_TITLE}, plays.now,
            coalesce(seen, 0) + (select coalesce(sum(least), 0) from cut) - coalesce(least_where_seen, 0)
        from plays left join before using (track_id) left join tracks using (track_id)
        """,  # noqa: S608
        {
            "first_now": first_now,
            "last": last,
            "first_before": first_before,
            "last_before": last_before,
            "fewest": FEWEST_PLAYS,
            "kept": TRACKS_KEPT_PER_MINUTE,
        },
    ).fetchall()
    found = []
    for title, artist, now, before in rows:
        ratio, least = rise(now, before, all_now, all_before)
        if ratio >= LEAST_RISE and least > 1:
            found.append((least, title, artist, now, before * all_now / all_before, ratio))
    found.sort(key=lambda row: (-row[0], row[1]))
    return pd.DataFrame([row[1:] for row in found[:limit]], columns=columns)
