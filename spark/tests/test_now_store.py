"""What the now store adds up, closes and drops."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reprise_spark.stream.aggregates import Count, Facts, Listeners, Track
from reprise_spark.stream.instants import minute_of
from reprise_spark.stream.now_store import OPEN_TRACKS, BatchFigures, NowStore

AT = datetime(2026, 1, 5, 8, 30, 10, tzinfo=UTC)
MINUTE = minute_of(AT)


@contextmanager
def opened(file: Path, query: str = "q") -> Iterator[NowStore]:
    store = NowStore(file, "live", query)
    try:
        yield store
    finally:
        store.close()


def rows(file: Path, query: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(file) as db:
        return db.execute(query).fetchall()


def figures(batch: int, newest: datetime | None = AT, records: int = 1) -> BatchFigures:
    sent = () if newest is None else (int(AT.timestamp() * 1000),) * 3
    return BatchFigures(batch, AT, records, records, 0, 0, newest, sent)


def played(minute: int, events: int = 1, value: str = "all") -> Count:
    dimension = "all" if value == "all" else "country"
    return Count(minute, dimension, value, "track_played", events, 1_000 * events)


def test_batches_add_up(tmp_path: Path) -> None:
    file = tmp_path / "live" / "now.sqlite"
    with opened(file) as store:
        store.add(
            figures(0),
            Facts(counts=[played(MINUTE, 2), played(MINUTE, 1, "SE")], rejected=[(MINUTE, "oversized", 1)]),
            [(Listeners(MINUTE, "all", "all", [1, 2]), 2)],
        )
    with opened(file) as store:
        store.add(
            figures(1),
            Facts(counts=[played(MINUTE, 3)], rejected=[(MINUTE, "oversized", 4)]),
            [(Listeners(MINUTE, "all", "all", [1, 3]), 1)],
        )
        store.committed(1, 1.25, 7)
    assert rows(file, "select * from minute_counts") == [
        ("2026-01-05T08:30:00Z", "all", "all", "track_played", 5, 5_000),
        ("2026-01-05T08:30:00Z", "country", "SE", "track_played", 1, 1_000),
    ]
    assert rows(file, "select * from minute_listeners") == [("2026-01-05T08:30:00Z", "all", "all", 3)]
    assert rows(file, "select * from quarantine_minutes") == [("2026-01-05T08:30:00Z", "oversized", 5)]
    assert rows(file, "select batch, committed_at is null, seconds, lag from batches order by batch") == [
        (0, 1, 0.0, 0),
        (1, 0, 1.25, 7),
    ]
    assert rows(file, "select value from meta where key in ('last_batch', 'stream') order by key") == [
        ("1",),
        ("live",),
    ]


def test_it_knows_the_batches_that_it_holds(tmp_path: Path) -> None:
    file = tmp_path / "now.sqlite"
    with opened(file) as store:
        store.add(figures(4), Facts(), [])
    with opened(file) as store:
        assert store.holds(4)
        assert not store.holds(5)
    with opened(file, query="another") as store:
        assert not store.holds(4)


def test_a_batch_that_fails_leaves_nothing(tmp_path: Path) -> None:
    file = tmp_path / "now.sqlite"
    with opened(file) as store:
        store.add(figures(0), Facts(counts=[played(MINUTE)]), [])
        with pytest.raises(sqlite3.IntegrityError):
            store.add(figures(0), Facts(counts=[played(MINUTE)]), [])
        store.add(figures(1), Facts(counts=[played(MINUTE)]), [])
    assert rows(file, "select events from minute_counts") == [(2,)]


def test_what_comes_after_its_minute_was_closed_is_late(tmp_path: Path) -> None:
    file = tmp_path / "now.sqlite"
    with opened(file) as store:
        store.add(figures(0), Facts(counts=[played(MINUTE - 2), played(MINUTE)]), [])
        assert store.watermark == MINUTE - 2
        late = [played(MINUTE - 200, 2), played(MINUTE - 200, 2, "SE"), played(MINUTE - 2)]
        store.add(figures(1, AT + timedelta(minutes=1)), Facts(counts=late), [])
        assert store.watermark == MINUTE - 1
        store.add(figures(2, AT), Facts(), [])
        assert store.watermark == MINUTE - 1
    assert rows(file, "select minute, events from minute_counts") == [
        ("2026-01-05T08:28:00Z", 2),
        ("2026-01-05T08:30:00Z", 1),
    ]
    assert rows(file, "select * from late_minutes") == [("2026-01-05T08:31:00Z", 2)]
    assert rows(file, "select batch, late, out_of_order from batches") == [(0, 0, 0), (1, 2, 3), (2, 0, 0)]


def test_events_of_the_future_move_nothing(tmp_path: Path) -> None:
    file = tmp_path / "now.sqlite"
    with opened(file) as store:
        store.add(figures(0), Facts(counts=[played(MINUTE + 60)]), [])
        assert store.watermark == MINUTE - 2


def test_tracks_are_kept_as_far_as_they_are_at_the_top(tmp_path: Path) -> None:
    file = tmp_path / "now.sqlite"
    many = [
        Track(MINUTE, f"t-{one:05}", one, 1, f"Title {one}", "Artist") for one in range(2 * OPEN_TRACKS + 1)
    ]
    with opened(file) as store:
        store.add(figures(0), Facts(tracks=many), [])
        assert rows(file, "select count(*), min(plays) from track_minutes") == [
            (OPEN_TRACKS, OPEN_TRACKS + 1)
        ]
        store.add(figures(1, AT + timedelta(minutes=3)), Facts(), [])
    assert rows(file, "select count(*), min(plays) from track_minutes") == [(500, 2 * OPEN_TRACKS - 499)]
    assert rows(file, "select count(*) from tracks") == [(500,)]
    assert rows(file, "select * from tracks where track_id = 't-04000'") == [
        ("t-04000", "Title 4000", "Artist")
    ]


def test_a_track_that_comes_back_has_its_title(tmp_path: Path) -> None:
    file = tmp_path / "now.sqlite"
    with opened(file) as store:
        for hours in range(0, 6, 3):
            at = AT + timedelta(hours=hours)
            store.add(figures(hours, at), Facts(tracks=[Track(minute_of(at), "t", 1, 0, "Title", None)]), [])
    assert rows(file, "select minute, title, artist from track_minutes join tracks using (track_id)") == [
        ("2026-01-05T11:30:00Z", "Title", "")
    ]


def test_old_minutes_are_dropped(tmp_path: Path) -> None:
    file = tmp_path / "now.sqlite"
    with opened(file) as store:
        store.add(figures(0), Facts(counts=[played(MINUTE)], rejected=[(MINUTE, "oversized", 1)]), [])
        at = AT + timedelta(hours=26)
        store.add(figures(1, at), Facts(counts=[played(minute_of(at))]), [])
    assert rows(file, "select minute from minute_counts") == [("2026-01-06T10:30:00Z",)]
    assert rows(file, "select * from quarantine_minutes") == []


def test_signs_of_life(tmp_path: Path) -> None:
    file = tmp_path / "now.sqlite"
    with opened(file) as store:
        store.stopped()
    assert [key for (key,) in rows(file, "select key from meta where key in ('beat_at', 'stopped_at')")] == [
        "beat_at",
        "stopped_at",
    ]
    with opened(file):
        assert rows(file, "select * from meta where key = 'stopped_at'") == []
