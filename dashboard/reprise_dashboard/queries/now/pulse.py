"""What the stream says of itself."""

import sqlite3

from reprise_dashboard.live.state import Batch, Commit, Pulse, instant_or_none


def pulse(connection: sqlite3.Connection) -> Pulse:
    said = dict(connection.execute("select key, value from meta").fetchall())
    newest = connection.execute("select batch, now_at from batches order by batch desc limit 1").fetchone()
    shown_at = instant_or_none(newest[1]) if newest else None
    done = connection.execute(
        "select batch, committed_at, seconds, lag from batches where committed_at is not null "
        "order by batch desc limit 1"
    ).fetchone()
    done_at = instant_or_none(done[1]) if done else None
    return Pulse(
        stream=str(said.get("stream", "live")),
        started_at=instant_or_none(said.get("started_at")),
        stopped_at=instant_or_none(said.get("stopped_at")),
        beat_at=instant_or_none(said.get("beat_at")),
        watermark=said.get("watermark"),
        batch=Batch(newest[0], shown_at) if shown_at else None,
        commit=Commit(done[0], done_at, done[2], done[3]) if done_at else None,
    )
