"""What the stream says of itself."""

import sqlite3

from reprise_dashboard.live.state import Batch, Pulse, instant_or_none


def pulse(connection: sqlite3.Connection) -> Pulse:
    said = dict(connection.execute("select key, value from meta").fetchall())
    row = connection.execute(
        "select batch, now_at, committed_at, records, seconds, lag from batches order by batch desc limit 1"
    ).fetchone()
    batch = None
    if row and (now_at := instant_or_none(row[1])):
        batch = Batch(row[0], now_at, instant_or_none(row[2]), row[3] or 0, row[4] or 0.0, row[5] or 0)
    return Pulse(
        stream=str(said.get("stream", "live")),
        started_at=instant_or_none(said.get("started_at")),
        stopped_at=instant_or_none(said.get("stopped_at")),
        beat_at=instant_or_none(said.get("beat_at")),
        watermark=said.get("watermark"),
        batch=batch,
    )
