"""Which snapshot is served: the newest, or the last good one with the reason why."""

import json
import os
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from serving_fixture import point_to, write_snapshot

from reprise_dashboard import freshness
from reprise_dashboard.queries import activity
from reprise_dashboard.settings import Settings, read_settings
from reprise_dashboard.snapshot import ask, serve


@pytest.fixture
def settings(serving: Path) -> Settings:
    return read_settings()


def test_nothing_published_is_no_problem(settings: Settings) -> None:
    assert serve(settings).snapshot is None
    assert serve(settings).problem is None


def test_the_pointer_decides(settings: Settings, listening: pd.DataFrame) -> None:
    write_snapshot(settings.serving_dir, "2", listening)
    write_snapshot(settings.serving_dir, "1", listening)
    served = serve(settings)
    assert served.problem is None
    assert served.snapshot is not None
    assert served.snapshot.version == "1"


def test_one_connection_a_version(settings: Settings, listening: pd.DataFrame) -> None:
    write_snapshot(settings.serving_dir, "1", listening)
    first, again = serve(settings).snapshot, serve(settings).snapshot
    assert first is not None
    assert again is not None
    assert first.connection is again.connection


def test_old_connections_are_closed(settings: Settings, listening: pd.DataFrame) -> None:
    write_snapshot(settings.serving_dir, "1", listening)
    first = serve(settings).snapshot
    assert first is not None
    for version in ("2", "3"):
        write_snapshot(settings.serving_dir, version, listening.head(50))
        serve(settings)
    with pytest.raises(duckdb.ConnectionException):
        first.connection.execute("select 1")


def test_the_snapshot_is_read_only_and_sees_nothing_else(settings: Settings, listening: pd.DataFrame) -> None:
    write_snapshot(settings.serving_dir, "1", listening)
    snapshot = serve(settings).snapshot
    assert snapshot is not None
    with pytest.raises(duckdb.Error):
        snapshot.connection.execute("delete from sessions")
    with pytest.raises(duckdb.Error):
        snapshot.connection.execute("select * from read_text('/etc/hostname')")


def test_answers_are_remembered_by_version(settings: Settings, listening: pd.DataFrame) -> None:
    write_snapshot(settings.serving_dir, "1", listening)
    calls = []

    def counted(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
        calls.append(1)
        return activity.span(connection)

    for _ in range(3):
        snapshot = serve(settings).snapshot
        assert snapshot is not None
        ask(snapshot, counted)
    assert len(calls) == 1
    write_snapshot(settings.serving_dir, "2", listening.head(50))
    snapshot = serve(settings).snapshot
    assert snapshot is not None
    ask(snapshot, counted)
    assert len(calls) == 2


def _not_a_database(folder: Path) -> None:
    (folder / "serving-2.duckdb").write_bytes(b"not a database" * 1000)
    point_to(folder, "2", "serving-2.duckdb")


def _missing(folder: Path) -> None:
    point_to(folder, "2", "serving-2.duckdb")


def _without_a_mart(folder: Path) -> None:
    with duckdb.connect(str(folder / "serving-2.duckdb")) as connection:
        connection.execute("create table hourly_activity (activity_hour timestamp)")
    point_to(folder, "2", "serving-2.duckdb")


def _outside(folder: Path) -> None:
    point_to(folder, "2", "../serving/serving-1.duckdb")


def _pointer_no_json(folder: Path) -> None:
    (folder / "current.json").write_text("{", encoding="utf-8")


def _pointer_without_file(folder: Path) -> None:
    (folder / "current.json").write_text(json.dumps({"version": "2"}), encoding="utf-8")


BREAKAGES = {
    "not a DuckDB file": _not_a_database,
    "is missing": _missing,
    "lacks hourly_activity.playbacks and": _without_a_mart,
    "outside its own folder": _outside,
    "is not JSON": _pointer_no_json,
    "lacks a field": _pointer_without_file,
}


@pytest.mark.parametrize("remembered", [True, False], ids=["seen before", "after a restart"])
@pytest.mark.parametrize("said", BREAKAGES)
def test_the_last_good_snapshot_stays(
    settings: Settings, listening: pd.DataFrame, said: str, remembered: bool
) -> None:
    write_snapshot(settings.serving_dir, "1", listening.head(200))
    if remembered:
        serve(settings)
    BREAKAGES[said](settings.serving_dir)
    served = serve(settings)
    assert served.problem is not None
    assert said in served.problem
    assert served.snapshot is not None
    assert served.snapshot.version == "1"
    assert (served.snapshot.published_at is not None) == remembered
    assert ask(served.snapshot, activity.span).iloc[0].last_day is not pd.NaT


def test_a_repaired_snapshot_is_taken_up(settings: Settings, listening: pd.DataFrame) -> None:
    write_snapshot(settings.serving_dir, "1", listening.head(200))
    _missing(settings.serving_dir)
    assert serve(settings).problem is not None
    write_snapshot(settings.serving_dir, "2", listening.head(200))
    served = serve(settings)
    assert served.problem is None
    assert served.snapshot is not None
    assert served.snapshot.version == "2"


def test_the_stamp_changes_with_what_is_shown(settings: Settings, listening: pd.DataFrame) -> None:
    def stamps() -> tuple[object, object]:
        return freshness.stamp(settings, with_reports=False), freshness.stamp(settings, with_reports=True)

    nothing = stamps()
    assert nothing == stamps()
    file = write_snapshot(settings.serving_dir, "1", listening.head(200))
    published = stamps()
    assert published != nothing
    assert published == stamps()
    os.utime(file, ns=(1, 1))
    replaced = stamps()
    assert replaced != published
    (settings.reports_dir).mkdir()
    (settings.reports_dir / "2026-01-11T12-00Z.json").write_text("{}", encoding="utf-8")
    assert stamps()[0] == replaced[0]
    assert stamps()[1] != replaced[1]
