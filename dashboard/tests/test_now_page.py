"""The page Now, in every state that the stream and its store can be in."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from conftest import Open, metrics_of, text_of
from now_fixture import add_batch, fill, instant, open_store, say

from reprise_dashboard.charts.now import by_minute, flow
from reprise_dashboard.charts.now.description import with_rows
from reprise_dashboard.live.reader import Reader
from reprise_dashboard.queries.now.minutes import Scope

PAGE = "views/now.py"
FIGURES = [
    "Events/s",
    "Playbacks/min",
    "Listeners/min",
    "Delay to this page",
    "Delay to the lake",
    "Behind the topic",
    "Set aside",
]


def _write(serving: Path, until: datetime | None = None, **meta: object) -> None:
    with closing(open_store(serving)) as store:
        fill(store, until or datetime.now(UTC), per_second=40, minutes=31)
        say(store, **meta)


def test_live(serving: Path, open_page: Open) -> None:
    _write(serving)
    app = open_page(PAGE)
    said = text_of(app)
    assert "<b>Live</b>" in said
    assert "last batch" in said
    assert "all times UTC" in said
    assert "are final" in said
    assert list(metrics_of(app)) == FIGURES
    assert metrics_of(app)["Delay to this page"] == "2.2 s"
    assert metrics_of(app)["Delay to the lake"] == "2.7 s"
    assert len(app.get("vega_lite_chart")) == 6
    for title in (
        "Events a second",
        "Delay by batch",
        "Plays and skips by minute",
        "Listeners by minute",
        "Likes by minute",
        "Top tracks now",
        "Rising",
        "Countries",
        "Devices",
        "Genres",
        "Quarantine",
        "Out of order and repeated",
        "Behind the topic",
        "Newest batches",
    ):
        assert f"##### {title}" in said, title
    assert "unsupported_version" in said
    assert "more than chance" in said
    assert "▲" in said
    assert not app.warning
    assert not app.info


def test_the_line_of_a_stream_that_catches_up(serving: Path, open_page: Open) -> None:
    with closing(open_store(serving)) as store:
        fill(store, datetime.now(UTC), per_second=40, minutes=31)
        add_batch(store, 99_999, datetime.now(UTC), 80, lag=250_000)
    said = text_of(open_page(PAGE))
    assert "<b>Live, catching up</b>" in said
    assert "250,000 records wait" in said


def test_a_batch_on_its_way_to_the_lake_does_not_empty_the_lag(serving: Path, open_page: Open) -> None:
    with closing(open_store(serving)) as store:
        fill(store, datetime.now(UTC), per_second=40, minutes=31)
        add_batch(store, 99_998, datetime.now(UTC), 80, lag=1_234)
        add_batch(store, 99_999, datetime.now(UTC), 80, committed_at=None, lag=0, seconds=0)
    app = open_page(PAGE)
    assert metrics_of(app)["Behind the topic"] == "1,234"
    assert "number 99,998, took 1.9 s" in text_of(app)


def test_without_a_store_it_says_what_to_run(serving: Path, open_page: Open) -> None:
    app = open_page(PAGE)
    assert "Nothing live yet" in text_of(app)
    assert "npx reprise live start" in text_of(app)
    assert not app.metric
    assert not app.warning


def test_a_stream_without_events_yet(serving: Path, open_page: Open) -> None:
    with closing(open_store(serving)) as store:
        now = instant(datetime.now(UTC))
        say(store, started_at=now, beat_at=now)
    app = open_page(PAGE)
    assert "Live, no events just now" in text_of(app)
    assert "has not had an event yet" in app.info[0].value
    assert not app.metric


def test_a_stream_that_gives_no_sign(serving: Path, open_page: Open) -> None:
    _write(serving, datetime.now(UTC) - timedelta(minutes=7, seconds=30))
    app = open_page(PAGE)
    assert "No sign of the stream" in text_of(app)
    assert "no sign for 7 minutes, since" in app.warning[0].value
    assert "npx reprise live status" in app.warning[0].value
    # What it showed last stays, and is of the time when it was shown.
    assert list(metrics_of(app)) == FIGURES
    assert float(metrics_of(app)["Events/s"]) == pytest.approx(40, rel=0.1)


def test_a_stream_that_was_stopped(serving: Path, open_page: Open) -> None:
    ended = datetime.now(UTC) - timedelta(hours=3)
    _write(serving, ended, stopped_at=instant(ended + timedelta(seconds=2)))
    app = open_page(PAGE)
    assert "<b>Stopped</b>" in text_of(app)
    assert "was stopped at" in app.info[0].value
    assert "npx reprise live start" in app.info[0].value
    assert list(metrics_of(app)) == FIGURES
    assert not app.warning


def test_a_store_from_the_future(serving: Path, open_page: Open) -> None:
    _write(serving, schema_version=2)
    app = open_page(PAGE)
    assert "No store that can be read" in text_of(app)
    assert "of version 2" in app.warning[0].value
    assert not app.metric


def test_a_store_that_breaks_leaves_the_last_good_picture(serving: Path, open_page: Open) -> None:
    _write(serving)
    app = open_page(PAGE)
    before = metrics_of(app)
    file = serving / "live" / "now.sqlite"
    file.write_bytes(b"broken" * 5_000)
    app.run()
    assert not app.exception
    assert "The last good picture stays" in app.warning[0].value
    assert metrics_of(app) == before
    assert "Traceback" not in text_of(app)


def test_a_store_that_somebody_keeps_to_himself(serving: Path, open_page: Open) -> None:
    _write(serving)
    with closing(sqlite3.connect(serving / "live" / "now.sqlite", isolation_level=None)) as holder:
        holder.execute("pragma journal_mode = delete")
        holder.execute("begin exclusive")
        app = open_page(PAGE)
        assert "held by another process" in app.warning[0].value
        holder.execute("rollback")
    app.run()
    assert "<b>Live</b>" in text_of(app)
    assert not app.warning


def test_the_choice_narrows_the_minutes_and_stays(serving: Path, open_page: Open) -> None:
    with closing(open_store(serving)) as store:
        fill(store, datetime.now(UTC), per_second=40, minutes=31)
        app = open_page(PAGE)
        everyone = metrics_of(app)
        app.selectbox[0].select("Country: DE").run()
        chosen = metrics_of(app)
        assert int(chosen["Playbacks/min"].replace(",", "")) < int(everyone["Playbacks/min"].replace(",", ""))
        assert chosen["Set aside"] == everyone["Set aside"]
        assert "the last 60 minutes, UTC, Country: DE" in text_of(app)
        add_batch(store, 99_999, datetime.now(UTC), 80)
        app.run()
        assert app.selectbox[0].value == Scope("country", "DE")
        store.execute("delete from minute_counts where value = 'DE'")
        add_batch(store, 100_000, datetime.now(UTC), 80)
        app.run()
        assert not app.exception
        assert metrics_of(app)["Playbacks/min"] == "0"


def test_the_address_makes_the_choice(serving: Path, open_page: Open) -> None:
    _write(serving)
    app = open_page(PAGE, listening="Device: car")
    assert "UTC, Device: car" in text_of(app)
    assert "UTC, Device" not in text_of(open_page(PAGE, listening="Device: '; drop table meta"))


def test_names_never_become_markup(serving: Path, open_page: Open) -> None:
    _write(serving)
    with closing(sqlite3.connect(serving / "live" / "now.sqlite")) as store:
        store.execute("update tracks set title = '<img src=x onerror=alert(1)>'")
        store.execute("update minute_counts set value = '<b>pop</b>' where value = 'pop'")
        store.execute("update quarantine_minutes set reason_code = '<i>x</i>' where reason_code like 'mis%'")
        store.commit()
    said = text_of(open_page(PAGE))
    for evil in ("<img", "<b>pop", "<i>x"):
        assert evil not in said


def test_a_new_batch_changes_rows_and_no_description(serving: Path, open_page: Open) -> None:
    """Or the browser would build charts anew every two seconds, and the page would flicker."""
    with closing(open_store(serving)) as store:
        fill(store, datetime.now(UTC), per_second=40, minutes=31)
        app = open_page(PAGE)
        before = [chart.proto for chart in app.get("vega_lite_chart")]
        add_batch(store, 99_999, datetime.now(UTC), 9_000, delay_ms_max=90_000)
        app.run()
        after = [chart.proto for chart in app.get("vega_lite_chart")]
    assert [(one.spec, one.alt) for one in before] == [(one.spec, one.alt) for one in after]
    assert [one.datasets for one in before[:2]] != [one.datasets for one in after[:2]]


def test_each_mark_has_a_place_that_it_keeps(serving: Path) -> None:
    """Or Vega would keep thousands of dead ones, and a page that stays open would grow."""
    with closing(open_store(serving)) as store:
        fill(store, datetime.now(UTC), per_second=40, minutes=4)
    picture = Reader(serving / "live" / "now.sqlite").look().picture
    assert picture
    minutes, recent = by_minute.minute_rows(picture.minutes), picture.common.batches
    for spec, rows in (
        (flow.pace(), flow.pace_rows(picture.common.steps)),
        (flow.delay(), flow.delay_rows(recent)),
        (flow.lag(), flow.lag_rows(recent)),
        (by_minute.playbacks(), minutes),
        (by_minute.one_figure("likes", "Likes", 3), minutes),
    ):
        fed = with_rows(spec, rows)["datasets"]["rows"]
        assert fed["slot"].tolist() == list(range(len(rows)))
        # A line or an area knows no places: Vega would make each point a line of its own.
        assert {layer["mark"]["type"] for layer in spec["layer"]} <= {"bar", "rect", "rule"}
        assert all(layer["encoding"]["key"]["field"] == "slot" for layer in spec["layer"])
        *drawn, pointed_at = spec["layer"]
        assert pointed_at["mark"]["opacity"] > 0
        assert len(pointed_at["encoding"]["tooltip"]) > 1
        assert set(fed["subject"]) <= set(pointed_at["encoding"]["color"]["scale"]["domain"])
        assert all(layer["encoding"]["tooltip"] == {"value": None} for layer in drawn)
        # A filter makes no rows; parsing and calculating would.
        assert spec["data"]["format"]["parse"] is None
        assert all(set(step) == {"filter"} for layer in spec["layer"] for step in layer.get("transform", []))
