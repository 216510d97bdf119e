"""The now store: what the page Now shows, in one SQLite file.

A batch is added in one transaction together with its number, so adding it again changes nothing.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from reprise_spark.stream.aggregates import Facts, Listeners
from reprise_spark.stream.instants import instant, minute_of, minute_text, now
from reprise_spark.stream.now_schema import DDL, SCHEMA_VERSION, TRACKS_KEPT_PER_MINUTE

LATENESS = timedelta(minutes=2)
"""How long after its end a minute may still change. Later events are in the lake all the same."""

OUT_OF_ORDER = timedelta(seconds=60)
KEEP_MINUTES = timedelta(hours=25)
KEEP_TRACKS = timedelta(hours=2)
KEEP_BATCHES = timedelta(hours=2)
# A minute that is open holds every track that was played in it; the tail never comes to the top.
OPEN_TRACKS = 2_000

_TABLES = (
    "meta", "batches", "minute_counts", "minute_listeners", "track_minutes", "tracks", "quarantine_minutes",
    "late_minutes",
)  # fmt: skip


@dataclass(frozen=True)
class BatchFigures:
    batch: int
    started_at: datetime
    records: int
    valid: int
    quarantined: int
    duplicates: int
    newest: datetime | None
    """Arrival of the last record."""
    sent: tuple[int, ...]
    """When the median, the slowest twentieth and the slowest valid record were sent, in milliseconds."""


class NowStore:
    def __init__(self, file: Path, stream: str, query: str) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        # The loop that shows signs of life and the batches take turns with it.
        self._db = sqlite3.connect(file, timeout=30, isolation_level=None, check_same_thread=False)
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = normal")
        with self._transaction():
            if self._is_of_another(stream, query):
                for table in _TABLES:
                    self._db.execute(f"drop table if exists {table}")
            for statement in filter(str.strip, DDL.split(";")):
                self._db.execute(statement)
            self._set(schema_version=SCHEMA_VERSION, stream=stream, query=query, started_at=instant(now()))
            self._db.execute("delete from meta where key = 'stopped_at'")
        self._known_tracks: set[str] = set()
        self.beat()

    def _is_of_another(self, stream: str, query: str) -> bool:
        if not self._db.execute("select 1 from sqlite_master where name = 'meta'").fetchone():
            return False
        return (self._get("schema_version"), self._get("stream"), self._get("query")) != (
            str(SCHEMA_VERSION),
            stream,
            query,
        )

    def _transaction(self) -> "_Transaction":
        return _Transaction(self._db)

    def _get(self, key: str) -> str | None:
        row = self._db.execute("select value from meta where key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def _set(self, **values: object) -> None:
        self._db.executemany(
            "insert or replace into meta values (?, ?)", [(key, str(value)) for key, value in values.items()]
        )

    def beat(self) -> None:
        self._set(beat_at=instant(now()))

    def stopped(self) -> None:
        self._set(stopped_at=instant(now()))

    def close(self) -> None:
        self._db.close()

    def holds(self, batch: int) -> bool:
        return self._db.execute("select 1 from batches where batch = ?", (batch,)).fetchone() is not None

    @property
    def watermark(self) -> int:
        """The first minute that may still change."""
        text = self._get("watermark")
        return 0 if text is None else minute_of(datetime.fromisoformat(text))

    def add(self, figures: BatchFigures, facts: Facts, listeners: Iterable[tuple[Listeners, int]]) -> None:
        """`listeners` are the new ones of each group."""
        watermark = self.watermark
        newest_before = self._get("newest")
        on_time = [count for count in facts.counts if count.minute >= watermark]
        late = sum(
            count.events for count in facts.counts if count.minute < watermark and count.dimension == "all"
        )
        out_of_order = 0
        if newest_before is not None:
            expected = minute_of(datetime.fromisoformat(newest_before) - OUT_OF_ORDER)
            out_of_order = sum(
                count.events for count in facts.counts if count.minute < expected and count.dimension == "all"
            )
        with self._transaction():
            self._db.executemany(
                "insert into minute_counts values (?, ?, ?, ?, ?, ?) on conflict do update set"
                " events = events + excluded.events, ms_played = ms_played + excluded.ms_played",
                [(minute_text(count.minute), *count[1:]) for count in on_time],
            )
            self._db.executemany(
                "insert into minute_listeners values (?, ?, ?, ?) on conflict do update set"
                " listeners = listeners + excluded.listeners",
                [
                    (minute_text(group.minute), group.dimension, group.value, new)
                    for group, new in listeners
                    if group.minute >= watermark
                ],
            )
            self._add_tracks(facts, watermark)
            self._db.executemany(
                "insert into quarantine_minutes values (?, ?, ?) on conflict do update set"
                " records = records + excluded.records",
                [(minute_text(minute), reason, records) for minute, reason, records in facts.rejected],
            )
            if late and figures.newest is not None:
                self._db.execute(
                    "insert into late_minutes values (?, ?) on conflict do update set"
                    " events = events + excluded.events",
                    (minute_text(minute_of(figures.newest)), late),
                )
            self._add_batch(figures, late, out_of_order)
            if figures.newest is not None:
                self._move_on(figures.newest, watermark)
            self._db.execute(
                "delete from batches where started_at < ?", (instant(figures.started_at - KEEP_BATCHES),)
            )

    def _add_tracks(self, facts: Facts, watermark: int) -> None:
        tracks = [track for track in facts.tracks if track.minute >= watermark]
        self._db.executemany(
            "insert into track_minutes values (?, ?, ?, ?) on conflict do update set"
            " plays = plays + excluded.plays, skips = skips + excluded.skips",
            [(minute_text(one.minute), one.track_id, one.plays, one.skips) for one in tracks],
        )
        unknown = {one.track_id: one for one in tracks if one.track_id not in self._known_tracks}
        self._db.executemany(
            "insert or replace into tracks values (?, ?, ?)",
            [(one.track_id, one.title or one.track_id, one.artist or "") for one in unknown.values()],
        )
        self._known_tracks.update(unknown)

    def _add_batch(self, figures: BatchFigures, late: int, out_of_order: int) -> None:
        now_at = now()
        millis = int(now_at.timestamp() * 1000)
        delays = tuple(max(0, millis - sent) for sent in figures.sent) or (None, None, None)
        self._db.execute(
            "insert into batches values (?, ?, ?, null, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?, ?)",
            (
                figures.batch,
                instant(figures.started_at),
                instant(now_at),
                figures.records,
                figures.valid,
                figures.quarantined,
                figures.duplicates,
                late,
                out_of_order,
                *delays,
            ),
        )
        self._set(last_batch=figures.batch)

    def _move_on(self, newest: datetime, watermark: int) -> None:
        """Closes the minutes that the batch has left behind, and drops what nobody asks for any more."""
        before = self._get("newest")
        newest = newest if before is None else max(newest, datetime.fromisoformat(before))
        closed_before = max(watermark, minute_of(newest - LATENESS))
        self._set(newest=instant(newest), watermark=minute_text(closed_before))
        for (minute,) in self._db.execute(
            "select distinct minute from track_minutes where minute >= ?", (minute_text(watermark),)
        ).fetchall():
            closed = minute < minute_text(closed_before)
            self._keep_top_tracks(minute, TRACKS_KEPT_PER_MINUTE if closed else OPEN_TRACKS)
        if closed_before == watermark:
            return
        for table in ("minute_counts", "minute_listeners", "quarantine_minutes", "late_minutes"):
            self._db.execute(
                f"delete from {table} where minute < ?", (instant_minute(newest - KEEP_MINUTES),)
            )
        self._db.execute(
            "delete from track_minutes where minute < ?", (instant_minute(newest - KEEP_TRACKS),)
        )
        self._db.execute("delete from tracks where track_id not in (select track_id from track_minutes)")
        self._known_tracks = {one for (one,) in self._db.execute("select track_id from tracks")}

    def _keep_top_tracks(self, minute: str, kept: int) -> None:
        (number,) = self._db.execute(
            "select count(*) from track_minutes where minute = ?", (minute,)
        ).fetchone()
        if number <= (kept if kept == TRACKS_KEPT_PER_MINUTE else 2 * kept):
            return
        self._db.execute(
            "delete from track_minutes where minute = :minute and track_id not in (select track_id from"
            " track_minutes where minute = :minute order by plays desc, skips desc, track_id limit :kept)",
            {"minute": minute, "kept": kept},
        )

    def committed(self, batch: int, seconds: float, lag: int) -> None:
        self._db.execute(
            "update batches set committed_at = ?, seconds = ?, lag = ? where batch = ?",
            (instant(now()), round(seconds, 3), lag, batch),
        )


def instant_minute(at: datetime) -> str:
    return minute_text(minute_of(at))


class _Transaction:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("begin immediate")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._db.execute("commit" if kind is None else "rollback")
