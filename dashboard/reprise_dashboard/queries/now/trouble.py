"""What was set aside, and what came late."""

import sqlite3
from datetime import datetime, timedelta
from typing import NamedTuple

import pandas as pd

from reprise_dashboard.queries.now.clock import first_of

# As the lake's quarantine and the stream name it.
DUPLICATE_REASON = "duplicate_event"


def quarantine(connection: sqlite3.Connection, as_of: datetime, number: int) -> pd.DataFrame:
    """`reason`, `records`, `last_minute` (of arrival), most frequent first. Repeats break nothing: they are
    counted apart."""
    rows = connection.execute(
        "select reason_code, sum(records), max(minute) from quarantine_minutes "
        "where minute >= ? and reason_code <> ? group by reason_code order by 2 desc, 1",
        (first_of(as_of, number), DUPLICATE_REASON),
    ).fetchall()
    return pd.DataFrame(rows, columns=["reason", "records", "last_minute"])


def _late_events(connection: sqlite3.Connection, as_of: datetime, number: int) -> int:
    """Events that arrived after their minute was closed."""
    row = connection.execute(
        "select sum(events) from late_minutes where minute >= ?", (first_of(as_of, number),)
    ).fetchone()
    return int(row[0] or 0)


class Disorder(NamedTuple):
    """Events that came out of order, and repeats."""

    out_of_order: int
    late: int
    duplicates: int


def disorder(connection: sqlite3.Connection, as_of: datetime, number: int) -> Disorder:
    since = f"{as_of - timedelta(minutes=number):%Y-%m-%dT%H:%M:%S}"
    row = connection.execute(
        "select sum(out_of_order), sum(duplicates) from batches where now_at >= ?", (since,)
    ).fetchone()
    return Disorder(int(row[0] or 0), _late_events(connection, as_of, number), int(row[1] or 0))
