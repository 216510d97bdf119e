"""What the page Now says, from what the store holds."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from now_fixture import add_batch, add_minute, add_tracks, minute, name_tracks, open_store

from reprise_dashboard.live.schema import TRACKS_KEPT_PER_MINUTE
from reprise_dashboard.queries.now import batches, minutes, pulse, tracks, trouble
from reprise_dashboard.queries.now.minutes import EVERYONE, Scope

NOW = datetime(2026, 1, 5, 12, 30, 20, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_store(tmp_path)) as connection:
        yield connection


def _ago(**amount: float) -> datetime:
    return NOW - timedelta(**amount)


def _feed(store: sqlite3.Connection, every: float, records: int, seconds: int = 900) -> None:
    for number in range(int(seconds / every)):
        add_batch(store, number, _ago(seconds=seconds - every * (number + 1)), records)


@pytest.mark.parametrize("every", [1.0, 2.5, 7.0])
def test_the_pace_is_steady_however_long_batches_take(store: sqlite3.Connection, every: float) -> None:
    _feed(store, every, records=round(400 * every))
    steps = batches.pace(batches.batches(store, NOW, 15), NOW, 15)
    assert len(steps) == 90
    # The first step has no batch before its first, the last may end between two.
    assert steps["per_second"].iloc[1:-1].tolist() == pytest.approx([400] * 88, rel=0.01)
    assert batches.pace_now(steps) == pytest.approx(400, rel=0.2)


def test_no_record_is_lost_between_the_steps(store: sqlite3.Connection) -> None:
    for number, seconds in enumerate([700.0, 512.3, 511.9, 300.0, 40.1, 7.7]):
        add_batch(store, number, _ago(seconds=seconds), 1_000)
    steps = batches.pace(batches.batches(store, NOW, 15), NOW, 15)
    assert steps["per_second"].sum() * batches.BIN_SECONDS == pytest.approx(6_000)


def test_a_silence_has_no_pace(store: sqlite3.Connection) -> None:
    add_batch(store, 1, _ago(minutes=14), 1_000)
    add_batch(store, 2, NOW, 3_000)
    steps = batches.pace(batches.batches(store, NOW, 15), NOW, 15)
    assert steps["per_second"].tail(3).tolist() == pytest.approx([100] * 3)
    assert steps["per_second"].iloc[10:-3].max() == 0


def test_delays_are_in_seconds_and_weighted_by_records(store: sqlite3.Connection) -> None:
    add_batch(store, 1, _ago(minutes=3), 1_000, delay_ms_p95=60_000)
    add_batch(store, 2, _ago(seconds=8), 1_000, valid=900, delay_ms_p95=2_000)
    add_batch(store, 3, _ago(seconds=4), 100, valid=100, delay_ms_p95=4_000)
    nothing: dict[str, object] = {"delay_ms_p50": None, "delay_ms_p95": None, "delay_ms_max": None}
    add_batch(store, 4, NOW, 5, valid=0, committed_at=None, **nothing)
    frame = batches.batches(store, NOW, 15)
    assert frame["p95_s"].tolist()[:3] == [60, 2, 4]
    assert frame["lake_s"].tolist()[:3] == pytest.approx([60.5, 2.5, 4.5])
    assert frame["lake_s"].isna().tolist() == [False, False, False, True]
    assert batches.weighted_delay(frame, NOW, "p95_s") == pytest.approx(2.2)


def test_without_valid_records_there_is_no_delay(store: sqlite3.Connection) -> None:
    add_batch(store, 1, NOW, 5, valid=0, delay_ms_p50=None, delay_ms_p95=None, delay_ms_max=None)
    frame = batches.batches(store, NOW, 15)
    assert batches.weighted_delay(frame, NOW, "p95_s") is None


def test_minutes_without_events_are_there(store: sqlite3.Connection) -> None:
    add_minute(store, _ago(minutes=1), 1_000)
    add_minute(store, _ago(minutes=200), 9_000)
    frame = minutes.minutes(store, EVERYONE, NOW, 60, minute(_ago(minutes=2)))
    assert len(frame) == 60
    assert frame["plays"].tolist()[-3:] == [0, 500, 0]
    assert frame["skips"].sum() == 420
    assert frame["likes"].sum() == 40
    assert frame["listeners"].sum() == 600
    assert frame["provisional"].tolist() == [False] * 57 + [True] * 3
    assert frame["minute"].iloc[-1] == NOW.replace(second=0)


def test_without_a_watermark_all_is_provisional(store: sqlite3.Connection) -> None:
    assert minutes.minutes(store, EVERYONE, NOW, 60, None)["provisional"].all()


def test_minutes_of_a_part(store: sqlite3.Connection) -> None:
    add_minute(store, NOW, 1_000)
    part = minutes.minutes(store, Scope("device", "mobile"), NOW, 60, None)
    everyone = minutes.minutes(store, EVERYONE, NOW, 60, None)
    assert 0 < part["plays"].sum() < everyone["plays"].sum()
    assert minutes.minutes(store, Scope("country", "' or 1=1"), NOW, 60, None)["plays"].sum() == 0
    known = minutes.scopes(store, NOW, 10)
    assert known[0] == Scope("country", "BR")
    assert Scope("genre", "pop") in known
    assert EVERYONE not in known


def test_a_split_puts_the_rest_together(store: sqlite3.Connection) -> None:
    add_minute(store, NOW, 1_000)
    frame = minutes.split(store, "country", NOW, 10, 3)
    assert frame["name"].tolist() == ["US", "DE", "GB", "Other"]
    assert frame["share"].sum() == pytest.approx(1)
    assert frame["skip_rate"].between(0.4, 0.5).all()
    assert minutes.split(store, "country", _ago(hours=1), 10, 3).empty


def test_top_tracks_are_those_of_the_last_minutes(store: sqlite3.Connection) -> None:
    name_tracks(store, 3)
    add_tracks(store, _ago(minutes=10), {"t-00002": 900})
    add_tracks(store, _ago(minutes=9), {"t-00000": 10, "t-00001": 5})
    add_tracks(store, NOW, {"t-00001": 7, "gone": 3, "t-00002": 0})
    frame = tracks.top_tracks(store, NOW, 10)
    assert frame["plays"].tolist() == [12, 10, 3]
    # A track that the catalogue does not know goes by its id.
    assert frame["title"].tolist()[-1] == "gone"
    assert frame["skip_rate"].tolist()[-1] == pytest.approx(0.25)


def _half_an_hour(store: sqlite3.Connection, plays: dict[str, int], last_five: dict[str, int]) -> None:
    """So many plays in each of the 25 minutes before, and in each of the last five."""
    for back in range(30):
        at = _ago(minutes=back)
        add_minute(store, at, 20_000)
        add_tracks(store, at, last_five if back < 5 else plays)


def _rising(store: sqlite3.Connection) -> dict[str, float]:
    frame = tracks.rising_tracks(store, NOW, 10)
    return dict(zip(frame["title"], frame["ratio"], strict=True))


def test_a_track_that_is_played_three_times_as_much_rises(store: sqlite3.Connection) -> None:
    _half_an_hour(store, {"up": 20, "steady": 500}, {"up": 60, "steady": 505})
    assert _rising(store) == {"up": pytest.approx(3, rel=0.01)}


def test_what_was_not_there_before_rises(store: sqlite3.Connection) -> None:
    _half_an_hour(store, {"steady": 500}, {"new": 8, "steady": 500})
    frame = tracks.rising_tracks(store, NOW, 10)
    assert frame["title"].tolist() == ["new"]
    assert frame["plays"].tolist() == [40]
    assert frame["usual"].tolist() == [0]


def test_small_numbers_do_not_rise(store: sqlite3.Connection) -> None:
    _half_an_hour(store, {"steady": 500}, {"few": 3, "steady": 500})
    assert _rising(store) == {}


def test_what_chance_explains_does_not_rise(store: sqlite3.Connection) -> None:
    # Twice its share, but of four plays a minute.
    _half_an_hour(store, {"some": 2, "many": 200}, {"some": 4, "many": 400})
    assert list(_rising(store)) == ["many"]


def test_what_rises_with_everything_does_not_rise(store: sqlite3.Connection) -> None:
    for back in range(30):
        busy = 3 if back < 5 else 1
        add_minute(store, _ago(minutes=back), 20_000 * busy)
        add_tracks(store, _ago(minutes=back), {"one": 100 * busy, "other": 300 * busy})
    assert _rising(store) == {}


def test_the_largest_for_certain_comes_first(store: sqlite3.Connection) -> None:
    _half_an_hour(store, {"large": 400, "small": 2}, {"large": 1_200, "small": 7})
    assert list(_rising(store)) == ["large", "small"]


def test_a_track_that_was_cut_from_a_minute_does_not_seem_to_rise(store: sqlite3.Connection) -> None:
    """Where a minute keeps its most played tracks only, one that is missing had at most the last one's."""
    kept = {f"kept-{n:03}": 40 for n in range(TRACKS_KEPT_PER_MINUTE)}
    _half_an_hour(store, kept, {**kept, "edge": 41, "new": 200})
    assert list(_rising(store)) == ["new"]


def test_without_half_an_hour_nothing_rises(store: sqlite3.Connection) -> None:
    add_minute(store, NOW, 20_000)
    add_tracks(store, NOW, {"first": 5_000})
    assert _rising(store) == {}


def test_quarantine_and_disorder_of_the_last_hour(store: sqlite3.Connection) -> None:
    rows = [
        (minute(_ago(minutes=5)), "malformed_json", 3),
        (minute(_ago(minutes=2)), "malformed_json", 4),
        (minute(_ago(minutes=9)), "time_in_future", 1),
        (minute(_ago(minutes=61)), "oversized", 50),
    ]
    # A repeat is set aside too, but breaks nothing.
    rows.append((rows[0][0], "duplicate_event", 9))
    store.executemany("insert into quarantine_minutes values (?, ?, ?)", rows)
    late = [(minute(_ago(minutes=3)), 6), (minute(_ago(hours=3)), 9)]
    store.executemany("insert into late_minutes values (?, ?)", late)
    add_batch(store, 1, _ago(hours=2), 1_000, duplicates=99, out_of_order=99)
    add_batch(store, 2, _ago(minutes=2), 1_000, duplicates=5, out_of_order=8)
    frame = trouble.quarantine(store, NOW, 60)
    assert frame["reason"].tolist() == ["malformed_json", "time_in_future"]
    assert frame["records"].tolist() == [7, 1]
    assert frame["last_minute"].tolist()[0] == minute(_ago(minutes=2))
    assert trouble.disorder(store, NOW, 60) == trouble.Disorder(out_of_order=8, late=6, duplicates=5)


def test_a_batch_that_is_on_its_way_to_the_lake(store: sqlite3.Connection) -> None:
    """Its counts are there; how long it took and what it left waiting are said of the one before."""
    add_batch(store, 1, _ago(seconds=2), 500, lag=9_000, seconds=2.5)
    add_batch(store, 2, NOW, 500, committed_at=None, lag=0, seconds=0)
    found = pulse.pulse(store)
    assert found.as_of == NOW
    assert found.commit
    assert (found.commit.number, found.commit.seconds, found.lag) == (1, 2.5, 9_000)
    frame = batches.batches(store, NOW, 15)
    assert frame["lag"].isna().tolist() == [False, True]
    assert frame["seconds"].isna().tolist() == [False, True]


def test_a_pulse_of_an_empty_store(store: sqlite3.Connection) -> None:
    found = pulse.pulse(store)
    assert found.batch is None
    assert found.as_of is None
    assert found.last_sign is None
