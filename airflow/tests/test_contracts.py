"""What the bridge shares with the TypeScript contracts has the same names there."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from conftest import REPOSITORY

from reprise_temporal.operator import order_of_backfill, order_of_clear
from reprise_temporal.replay import MOST_WINDOWS
from reprise_temporal.settings import VOLUME_SHAPES, TemporalSettings, WindowDefaults, dag_run_url
from reprise_temporal.window import (
    JOINED_SIGNAL,
    PLAN_WORKFLOW,
    QUARANTINE_REASONS,
    SOURCES,
    STEPS,
    TASK_QUEUE,
    WINDOW,
    WORKFLOW,
    Requester,
    WindowRequest,
    replay_order,
    window_id,
    window_request,
)

CONTRACTS = REPOSITORY / "contracts"
EIGHT = datetime(2026, 1, 5, 8, tzinfo=UTC)
DEFAULTS = WindowDefaults(events=20_000, seed=1, shards=2, volume_shape="diurnal")


def test_workflow_and_task_queue() -> None:
    source = (CONTRACTS / "task-queues.ts").read_text()
    assert f"LISTENING_WINDOW_WORKFLOW = '{WORKFLOW}'" in source
    assert f"control: '{TASK_QUEUE}'" in source


def test_the_plan_of_a_replay() -> None:
    source = (CONTRACTS / "task-queues.ts").read_text()
    assert f"REPLAY_PLAN_WORKFLOW = '{PLAN_WORKFLOW}'" in source
    assert f"JOINED_SIGNAL = '{JOINED_SIGNAL}'" in source
    planned = (CONTRACTS / "replay-plan.ts").read_text()
    assert f"MOST_PLANNED = {MOST_WINDOWS};" in planned
    asked = ("from", "to", "failed", "from_step", "quarantined")
    for field in (*asked, "request", "refused", "played_by", "amends", "rules"):
        assert re.search(rf"^ +{field}:", planned, re.MULTILINE), field


def test_the_steps() -> None:
    source = (CONTRACTS / "steps.ts").read_text()
    found = re.search(r"STEPS = \[(.*?)\]", source, re.DOTALL)
    assert found is not None
    assert tuple(re.findall(r"'(\w+)'", found[1])) == STEPS


def test_what_asks_for_a_replay_without_a_name() -> None:
    """The worker that keeps the record goes by these words when it looks up who it was."""
    source = (CONTRACTS / "replay.ts").read_text()
    run = SimpleNamespace(run_id="${runId}", note=None, triggering_user_name="admin")
    assert f"`{order_of_clear(run)['by']}`" in source
    assert f"BACKFILL_BY = '{order_of_backfill(run, 2)['by']}'" in source
    known = order_of_backfill(run, 1)["by"].replace("admin", "${user}")
    assert f"`{known}`" in source


def test_the_reasons() -> None:
    source = (CONTRACTS / "quarantine.ts").read_text()
    found = re.search(r"REASON_ORDER: .*? = \[(.*?)\]", source, re.DOTALL)
    assert found is not None
    assert tuple(re.findall(r"'(\w+)'", found[1])) == QUARANTINE_REASONS


def test_the_length_of_a_window() -> None:
    source = (CONTRACTS / "window.ts").read_text()
    found = re.search(r"WINDOW_MS = ([\d_]+)", source)
    assert found is not None
    assert timedelta(milliseconds=int(found[1].replace("_", ""))) == WINDOW


def test_the_shapes_of_volume() -> None:
    source = (CONTRACTS / "steps.ts").read_text()
    found = re.search(r"VolumeShape = z.enum\(\[(.+)\]\)", source)
    assert found is not None
    assert tuple(re.findall(r"'(\w+)'", found[1])) == VOLUME_SHAPES


def test_the_sources() -> None:
    source = (CONTRACTS / "steps.ts").read_text()
    found = re.search(r"WindowSource = z\s+\.enum\(\[(.+)\]\)", source)
    assert found is not None
    assert tuple(re.findall(r"'(\w+)'", found[1])) == SOURCES
    assert window_request(EIGHT, EIGHT + WINDOW, {}, DEFAULTS).source == "auto"
    assert window_request(EIGHT, EIGHT + WINDOW, {"source": None}, DEFAULTS).source == "auto"
    assert window_request(EIGHT, EIGHT + WINDOW, {"source": "live"}, DEFAULTS).source == "live"


def test_the_name_of_a_window_and_of_its_workflow() -> None:
    name = window_id(EIGHT, EIGHT + WINDOW)
    assert name == "2026-01-05T08:00Z"
    assert WindowRequest(name, 1, 1, 1).workflow_id == "window/2026-01-05T08:00Z"
    assert "`window/${id}`" in (CONTRACTS / "window.ts").read_text()


def test_the_input_has_the_fields_of_the_contract() -> None:
    source = (CONTRACTS / "steps.ts").read_text()
    block = source[
        source.index("export const WindowRequest") : source.index("export type ListeningWindowInput")
    ]
    requester = Requester(dag_id="listening_window", run_id="r", task_id="run_window", try_number=1)
    request = window_request(EIGHT, EIGHT + WINDOW, {}, DEFAULTS)
    again = replace(request, from_step="load", replay=replay_order("a" * 300, None))
    given = again.workflow_input(requester)
    assert {"from_step", "replay"} & request.workflow_input(requester).keys() == set()
    assert given["replay"] == {"by": "a" * 200, "why": "no reason was given"}
    for field in [*given, *given["airflow"]]:
        assert re.search(rf"\b{field}:", block), field
    assert len(given["requested_by"]) <= 200


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (EIGHT, EIGHT + timedelta(hours=2)),
        (EIGHT + timedelta(minutes=1), EIGHT + timedelta(minutes=61)),
        (EIGHT, EIGHT),
        (None, None),
    ],
)
def test_an_interval_that_is_no_window_is_refused(start: datetime | None, end: datetime | None) -> None:
    with pytest.raises(ValueError, match="window"):
        window_id(start, end)


def test_parameters_go_before_defaults() -> None:
    params = {"events": 0, "seed": None, "shards": 3}
    found = window_request(EIGHT, EIGHT + WINDOW, params, DEFAULTS)
    assert (found.events, found.seed, found.shards, found.volume_shape) == (0, 1, 3, "diurnal")
    flat = window_request(EIGHT, EIGHT + WINDOW, {"volume_shape": "flat"}, DEFAULTS)
    assert flat.volume_shape == "flat"


def test_settings_are_read_when_asked_for() -> None:
    env = {"TEMPORAL_ADDRESS": "h:1", "TEMPORAL_UI_URL": "http://ui/", "REPRISE_EVENTS_PER_WINDOW": "5"}
    settings = TemporalSettings.read(env)
    assert settings == TemporalSettings(address="h:1", namespace="default", ui_url="http://ui")
    assert (
        settings.workflow_url("window/2026-01-05T08:00Z", "run")
        == "http://ui/namespaces/default/workflows/window%2F2026-01-05T08%3A00Z/run/history"
    )
    assert WindowDefaults.read(env) == WindowDefaults(events=5, seed=1, shards=2, volume_shape="diurnal")
    assert WindowDefaults.read({"REPRISE_VOLUME_SHAPE": "flat"}).volume_shape == "flat"


def test_a_default_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match="REPRISE_SEED"):
        WindowDefaults.read({"REPRISE_SEED": "x"})
    with pytest.raises(ValueError, match="REPRISE_VOLUME_SHAPE must be flat or diurnal, not 'round'"):
        WindowDefaults.read({"REPRISE_VOLUME_SHAPE": "round"})


def test_the_way_back_to_airflow() -> None:
    url = dag_run_url("listening_window", "manual__2026+x", {"AIRFLOW_URL": "http://a/"})
    assert url == "http://a/dags/listening_window/runs/manual__2026%2Bx"
