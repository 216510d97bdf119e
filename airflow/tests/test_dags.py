"""The DAGs load, are all there, and cost little to load."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG
from airflow.sdk.definitions.mappedoperator import MappedOperator
from airflow.sdk.exceptions import ParamValidationError
from airflow.serialization.serialized_objects import DagSerialization
from conftest import PROJECT
from reprise_schedule.timetable import BoundedCatchupTimetable

from reprise_temporal.operator import WindowWorkflowOperator
from reprise_temporal.replay import PlanReplayOperator, ReplayWindowOperator

DAG_FILES = sorted(path.stem for path in (PROJECT / "dags").glob("*.py"))


@pytest.fixture(scope="module")
def dags() -> DagBag:
    return DagBag(dag_folder=str(PROJECT / "dags"))


@pytest.fixture(scope="module")
def listening_window(dags: DagBag) -> DAG:
    return dags.dags["listening_window"]


def test_every_file_loads_and_holds_the_dag_of_its_name(dags: DagBag) -> None:
    assert dags.import_errors == {}
    assert DAG_FILES
    assert sorted(dags.dags) == DAG_FILES


def test_the_schedule_is_hourly_bounded_and_on(listening_window: DAG) -> None:
    assert isinstance(listening_window.timetable, BoundedCatchupTimetable)
    assert listening_window.timetable.catchup_intervals == 24
    assert listening_window.catchup is True
    assert listening_window.max_active_runs == 2
    assert listening_window.is_paused_upon_creation is False


def test_its_one_task_is_the_window(listening_window: DAG) -> None:
    (task,) = listening_window.tasks
    assert isinstance(task, WindowWorkflowOperator)
    assert task.task_id == "run_window"
    # Airflow 3.3 may lose a worker process while it defers; see WindowWorkflowTrigger.
    assert (task.retries or 0) >= 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("events", 0),
        ("events", None),
        ("volume_shape", "flat"),
        ("volume_shape", "diurnal"),
        ("volume_shape", None),
        ("seed", 7),
        ("shards", 1024),
        ("shards", None),
        ("source", "live"),
        ("source", None),
    ],
)
def test_parameters_within_the_contract_are_taken(
    listening_window: DAG, name: str, value: int | str | None
) -> None:
    listening_window.params.get_param(name).resolve(value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("events", -1),
        ("events", "many"),
        ("volume_shape", "round"),
        ("seed", 1.5),
        ("shards", 0),
        ("shards", 2000),
        ("source", "import"),
    ],
)
def test_parameters_outside_the_contract_are_refused(listening_window: DAG, name: str, value: object) -> None:
    with pytest.raises(Exception, match=r"not of type|not one of|minimum|maximum|Invalid"):
        listening_window.params.get_param(name).resolve(value)


def test_the_first_window_comes_from_the_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPRISE_SCHEDULE_FROM", "2026-03-01T04:00Z")
    bag = DagBag(dag_folder=str(PROJECT / "dags"))
    timetable = bag.dags["listening_window"].timetable
    assert isinstance(timetable, BoundedCatchupTimetable)
    assert timetable.first is not None
    assert timetable.first.isoformat() == "2026-03-01T04:00:00+00:00"


def test_it_survives_the_database(listening_window: DAG) -> None:
    restored = DagSerialization.from_dict(json.loads(json.dumps(DagSerialization.to_dict(listening_window))))
    assert isinstance(listening_window.timetable, BoundedCatchupTimetable)
    assert isinstance(restored.timetable, BoundedCatchupTimetable)
    assert restored.timetable.serialize() == listening_window.timetable.serialize()


@pytest.fixture(scope="module")
def replay_windows(dags: DagBag) -> DAG:
    return dags.dags["replay_windows"]


def test_windows_are_planned_and_then_played_some_at_a_time(replay_windows: DAG) -> None:
    plan, replay = replay_windows.get_task("plan"), replay_windows.get_task("replay_window")
    assert replay_windows.timetable.can_be_scheduled is False
    assert replay_windows.is_paused_upon_creation is False
    assert isinstance(plan, PlanReplayOperator)
    assert isinstance(replay, MappedOperator)
    assert replay.operator_class is ReplayWindowOperator
    assert replay.upstream_task_ids == {"plan"}
    # What an installation allows; Airflow counts those that wait in the triggerer.
    assert replay.partial_kwargs["max_active_tis_per_dag"] == 4
    assert replay_windows.params.get_param("parallel").resolve() == 2


@pytest.mark.parametrize(
    ("name", "value", "taken"),
    [
        ("from", "2026-01-05T08:00:00Z", True),
        ("from_step", None, True),
        ("from_step", "load", True),
        ("from_step", "loading", False),
        ("failed", False, True),
        ("failed", "perhaps", False),
        ("quarantined", True, True),
        ("reason_code", None, True),
        ("reason_code", "invalid_value", True),
        ("reason_code", "not liked", False),
        ("parallel", 4, True),
        ("parallel", 5, False),
        ("parallel", 0, False),
        ("reason", "the disk was full", True),
        ("reason", "x" * 501, False),
    ],
)
def test_what_a_replay_takes(replay_windows: DAG, name: str, value: object, taken: bool) -> None:
    param = replay_windows.params.get_param(name)
    if taken:
        param.resolve(value)
    else:
        with pytest.raises(ParamValidationError):
            param.resolve(value)


def test_a_mapped_replay_survives_the_database(replay_windows: DAG) -> None:
    restored = DagSerialization.from_dict(json.loads(json.dumps(DagSerialization.to_dict(replay_windows))))
    assert sorted(restored.task_ids) == ["plan", "replay_window"]


def test_loading_imports_no_client(tmp_path: Path) -> None:
    """Every import in a DAG file is paid again at each parse and in each task's process."""
    program = (
        "import sys; sys.path[:0] = ['plugins', 'dags']\n"
        "import airflow.sdk, airflow.timetables.interval\n"
        "before = set(sys.modules)\n"
        "import listening_window, replay_windows\n"
        "new = {name.split('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(new & {'temporalio', 'google', 'grpc', 'pandas', 'numpy', 'requests'}))\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert found.stdout.splitlines()[-1] == "[]"


def test_plugins_do_not_take_the_place_of_pythons_own_modules() -> None:
    """Airflow executes what it finds in the plugins folder under bare names such as `operator`."""
    from airflow import plugins_manager

    plugins_manager.ensure_plugins_loaded()
    assert sys.modules["operator"].__name__ == "operator"
    assert "reprise_temporal" not in (getattr(sys.modules["operator"], "__file__", "") or "")
    assert set(plugins_manager.get_timetables_plugins()) >= {
        "reprise_schedule.timetable.BoundedCatchupTimetable"
    }
