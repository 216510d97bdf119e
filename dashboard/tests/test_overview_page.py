from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from conftest import APP, Open, metrics_of, text_of
from serving_fixture import point_to, write_snapshot

from reprise_dashboard import freshness
from reprise_dashboard.settings import Settings


def test_without_a_snapshot_it_says_how_to_get_one(serving: Path, open_page: Open) -> None:
    app = open_page()
    assert "No snapshot yet" in text_of(app)
    assert "npx reprise run" in text_of(app)
    assert not app.metric


def test_with_data(serving: Path, listening: pd.DataFrame, open_page: Open) -> None:
    write_snapshot(serving, "one", listening)
    app = open_page()
    said = text_of(app)
    assert metrics_of(app)["Playbacks"] == f"{len(listening):,}"
    assert list(metrics_of(app)) == ["Playbacks", "Listening time", "Listeners", "Skip rate", "Sessions"]
    assert len(app.get("vega_lite_chart")) == 5
    for title in (
        "Plays and skips per hour",
        "Skip rate trend",
        "Top tracks",
        "Top artists",
        "Countries",
        "Devices",
    ):
        assert f"##### {title}" in said
    assert listening["track_title"].value_counts().index[0] in said
    assert "Snapshot <b>one</b>" in said
    assert "just now" in said
    assert not app.warning


def test_the_address_chooses_the_period(serving: Path, listening: pd.DataFrame, open_page: Open) -> None:
    write_snapshot(serving, "one", listening)
    app = open_page(period="Latest day")
    latest = (listening["occurred_at"].dt.date == listening["occurred_at"].dt.date.max()).sum()
    assert metrics_of(app)["Playbacks"] == f"{latest:,}"
    assert "there is no movement to draw" in text_of(app)


def test_an_address_that_makes_no_sense_is_ignored(
    serving: Path, listening: pd.DataFrame, open_page: Open
) -> None:
    write_snapshot(serving, "one", listening)
    app = open_page(period="'; drop table sessions; --", days="not a day")
    assert metrics_of(app)["Playbacks"] == f"{len(listening):,}"


def test_days_can_be_chosen(serving: Path, listening: pd.DataFrame, open_page: Open) -> None:
    write_snapshot(serving, "one", listening)
    app = open_page(period="Choose")
    day = listening["occurred_at"].dt.date.min()
    app.date_input[0].set_value((day, day)).run()
    assert not app.exception
    assert metrics_of(app)["Playbacks"] == f"{(listening['occurred_at'].dt.date == day).sum():,}"
    outside = day - timedelta(days=400)
    app.date_input[0].set_value((outside, outside)).run()
    assert "No activity in this period" in text_of(app)


def test_a_new_snapshot_appears_and_the_choice_stays(
    serving: Path, listening: pd.DataFrame, open_page: Open
) -> None:
    write_snapshot(serving, "one", listening)
    app = open_page()
    app.button_group[0].set_value("All").run()
    more = pd.concat([listening, listening.assign(session_id=listening["session_id"] + "b")])
    write_snapshot(serving, "two", more)
    app.run()
    assert metrics_of(app)["Playbacks"] == f"{len(more):,}"
    assert app.button_group[0].value == "All"
    assert "Snapshot <b>two</b>" in text_of(app)


def test_a_publication_between_two_polls_runs_the_page_again(
    serving: Path, listening: pd.DataFrame, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_snapshot(serving, "one", listening.head(50))
    looks = iter(["before", "after a publication", "at rest", "at rest"])
    runs = []

    def stamp(settings: Settings, with_reports: bool) -> tuple[str, ...]:
        runs.append(next(looks, "at rest"))
        return (runs[-1],)

    monkeypatch.setattr(freshness, "stamp", stamp)
    open_page()
    assert runs == ["before", "after a publication", "at rest", "at rest"]


def test_no_folder_is_called_pages() -> None:
    """Streamlit would run a page in it alone, without the navigation, when its address is opened first."""
    assert not (APP.parent / "pages").exists()


def test_many_days_go_by_day(serving: Path, listening: pd.DataFrame, open_page: Open) -> None:
    spread = pd.concat(
        [listening.assign(occurred_at=listening["occurred_at"] - timedelta(days=4 * n)) for n in range(4)]
    )
    write_snapshot(serving, "one", spread)
    app = open_page(period="30 days")
    assert "Plays and skips per day" in text_of(app)


def test_a_broken_snapshot_leaves_the_last_good_one(
    serving: Path, listening: pd.DataFrame, open_page: Open
) -> None:
    write_snapshot(serving, "one", listening)
    open_page()
    (serving / "serving-two.duckdb").write_bytes(b"\0" * 9000)
    point_to(serving, "two", "serving-two.duckdb")
    app = open_page()
    assert metrics_of(app)["Playbacks"] == f"{len(listening):,}"
    assert "The last good snapshot stays" in app.warning[0].value
    assert "npx reprise" in app.warning[0].value
    assert "Traceback" not in text_of(app)


def test_a_snapshot_that_opens_but_is_cut_short(
    serving: Path, listening: pd.DataFrame, open_page: Open
) -> None:
    whole = write_snapshot(serving, "one", listening).read_bytes()
    (serving / "serving-two.duckdb").write_bytes(whole[: len(whole) // 3])
    point_to(serving, "two", "serving-two.duckdb")
    app = open_page()
    assert metrics_of(app)["Playbacks"] == f"{len(listening):,}"
    assert "serving-two.duckdb is damaged" in app.warning[0].value


def test_a_broken_first_snapshot(serving: Path, open_page: Open) -> None:
    serving.mkdir()
    (serving / "current.json").write_text("][", encoding="utf-8")
    app = open_page()
    assert "There is no earlier snapshot" in app.warning[0].value
    assert not app.metric


def test_an_empty_snapshot(serving: Path, listening: pd.DataFrame, open_page: Open) -> None:
    write_snapshot(serving, "one", listening.head(0))
    assert "no valid playback" in text_of(open_page())


@pytest.mark.parametrize("rows", [1, 2])
def test_next_to_no_data(serving: Path, listening: pd.DataFrame, open_page: Open, rows: int) -> None:
    write_snapshot(serving, "one", listening.head(rows))
    assert metrics_of(open_page())["Playbacks"] == str(rows)


def test_names_from_data_are_not_markup(serving: Path, listening: pd.DataFrame, open_page: Open) -> None:
    write_snapshot(serving, "one", listening.assign(track_title="<img src=x onerror=alert(1)>"))
    said = text_of(open_page())
    assert "<img" not in said
    assert "&lt;img" in said


def test_stray_late_events_are_no_period_to_compare_with(
    serving: Path, listening: pd.DataFrame, open_page: Open
) -> None:
    days = listening["occurred_at"].dt.date
    latest = listening[days == days.max()]
    day_before = listening[days == days.max() - timedelta(days=1)]
    a_few_each_hour = day_before.groupby(day_before["occurred_at"].dt.hour).head(1)

    write_snapshot(serving, "whole", listening)
    assert open_page(period="Latest day").metric[0].delta != ""
    write_snapshot(serving, "strays", pd.concat([a_few_each_hour, latest]))
    assert open_page(period="Latest day").metric[0].delta == ""
