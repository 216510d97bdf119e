"""The operator's part: what it starts, how it defers, and what it makes of each ending."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred

from reprise_temporal.hook import TemporalHook, WorkflowRef
from reprise_temporal.link import TemporalWorkflowLink
from reprise_temporal.operator import RESUME_AFTER_S, WindowWorkflowOperator, is_first_attempt
from reprise_temporal.outcome import Outcome
from reprise_temporal.trigger import WindowWorkflowTrigger
from reprise_temporal.window import Requester, WindowRequest

EIGHT = datetime(2026, 1, 5, 8, tzinfo=UTC)


class TaskInstance(SimpleNamespace):
    """As much of a running task instance as the operator touches."""

    def __init__(self, **changes: Any) -> None:
        super().__init__(
            dag_id="listening_window",
            run_id="run",
            task_id="run_window",
            try_number=1,
            max_tries=2,
            map_index=-1,
            xcoms={},
        )
        self.__dict__.update(changes)

    def xcom_push(self, key: str, value: Any) -> None:
        self.xcoms[key] = value

    def xcom_pull(self, *, task_ids: str, key: str) -> Any:
        return self.xcoms.get(key)


def context(ti: TaskInstance, end: datetime = EIGHT + timedelta(hours=1), **params: Any) -> Any:
    run = SimpleNamespace(
        data_interval_start=EIGHT,
        data_interval_end=end,
        run_id="run",
        run_type="scheduled",
        clear_number=3,
        note="the disk was full",
        triggering_user_name=None,
    )
    return {"ti": ti, "dag_run": run, "params": params}


@pytest.fixture
def operator() -> WindowWorkflowOperator:
    return WindowWorkflowOperator(task_id="run_window")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[WindowRequest, Requester, bool]]:
    """What the operator starts, without a server."""
    calls: list[tuple[WindowRequest, Requester, bool]] = []

    async def start(
        self: TemporalHook,
        request: WindowRequest,
        requester: Requester,
        *,
        first_attempt: bool,
        clear_number: int | None = None,
        handed_to: dict[str, Any] | None = None,
    ) -> WorkflowRef:
        assert clear_number == 3
        calls.append((request, requester, first_attempt))
        return WorkflowRef(request.workflow_id, "run-1")

    monkeypatch.setattr(TemporalHook, "start_window", start)
    return calls


def test_it_starts_the_window_of_its_interval_and_defers(
    operator: WindowWorkflowOperator,
    started: list[tuple[WindowRequest, Requester, bool]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:18033")
    monkeypatch.setenv("TEMPORAL_UI_URL", "http://127.0.0.1:18034")
    monkeypatch.setattr("time.time", lambda: 1_000.0)
    ti = TaskInstance()
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute(context(ti, events=5))
    ((request, requester, first_attempt),) = started
    assert request == WindowRequest("2026-01-05T08:00Z", events=5, seed=1, shards=2, volume_shape="diurnal")
    assert requester["try_number"] == 1
    assert first_attempt is True

    trigger = deferred.value.trigger
    assert isinstance(trigger, WindowWorkflowTrigger)
    path, arguments = trigger.serialize()
    assert path == "reprise_temporal.trigger.WindowWorkflowTrigger"
    assert arguments == {
        "address": "127.0.0.1:18033",
        "namespace": "default",
        "ui_url": "http://127.0.0.1:18034",
        "workflow_id": "window/2026-01-05T08:00Z",
        "run_id": "run-1",
        "resume_after": 1_000.0 + RESUME_AFTER_S,
    }
    assert WindowWorkflowTrigger(**arguments).serialize() == (path, arguments)


@pytest.fixture
def asked_before(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What windows were asked to be, as the plan of a replay knows it; empty: this one never ran."""
    planned: list[dict[str, Any]] = []

    async def plan(self: TemporalHook, scope: dict[str, Any], plan_id: str) -> list[dict[str, Any]]:
        assert scope == {"from": "2026-01-05T08:00Z", "to": "2026-01-05T08:00Z", "failed": False}
        return planned

    monkeypatch.setattr(TemporalHook, "plan", plan)
    return planned


@pytest.mark.parametrize(
    ("try_number", "run_type"),
    [(2, "scheduled"), (1, "backfill"), (2, "backfill")],
    ids=["cleared", "backfilled", "reprocessed by a backfill"],
)
def test_a_window_that_is_played_again_is_what_it_was_and_not_todays_default(
    operator: WindowWorkflowOperator,
    started: list[tuple[WindowRequest, Requester, bool]],
    asked_before: list[dict[str, Any]],
    try_number: int,
    run_type: str,
) -> None:
    given = context(TaskInstance(try_number=try_number, max_tries=try_number + 1), seed=None, shards=4)
    given["dag_run"].run_type = run_type
    asked = {"events": 3_000, "seed": 7, "shards": 1, "volume_shape": "flat"}
    for known in ([], [{"request": None}], [{"request": {"window": "2026-01-05T08:00Z", **asked}}]):
        asked_before[:] = known
        with pytest.raises(TaskDeferred):
            operator.execute(given)
    never, unknown, before = [request.settings() for request, _, _ in started]
    assert never == unknown == {"events": 20_000, "seed": 1, "shards": 4, "volume_shape": "diurnal"}
    # What the run itself names goes before.
    assert before == {**asked, "shards": 4}


@pytest.mark.usefixtures("asked_before")
def test_a_cleared_task_plays_the_window_again_and_says_why(
    operator: WindowWorkflowOperator, started: list[tuple[WindowRequest, Requester, bool]]
) -> None:
    with pytest.raises(TaskDeferred):
        operator.execute(context(TaskInstance(try_number=2, max_tries=3)))
    # What Airflow tries again by itself is no replay.
    with pytest.raises(TaskDeferred):
        operator.execute(context(TaskInstance(try_number=2, max_tries=2)))
    orders = [request.replay for request, _, _ in started]
    assert orders == [
        {"by": "Airflow, the task of run was cleared", "why": "the run's note: the disk was full"},
        None,
    ]


@pytest.mark.parametrize(
    ("try_number", "user", "by"),
    [
        (1, "admin", "Airflow user admin (backfill)"),
        (1, None, "airflow (backfill)"),
        # The run keeps the name of who had it made first.
        (2, "admin", "airflow (backfill)"),
    ],
)
def test_a_backfill_that_plays_a_window_again_says_who_as_far_as_airflow_knows(
    operator: WindowWorkflowOperator,
    started: list[tuple[WindowRequest, Requester, bool]],
    asked_before: list[dict[str, Any]],
    try_number: int,
    user: str | None,
    by: str,
) -> None:
    asked = {"events": 3_000, "seed": 7, "shards": 1, "volume_shape": "flat"}
    asked_before[:] = [{"request": {"window": "2026-01-05T08:00Z", **asked}}]
    given = context(TaskInstance(try_number=try_number, max_tries=try_number + 1))
    given["dag_run"].run_type = "backfill"
    given["dag_run"].triggering_user_name = user
    with pytest.raises(TaskDeferred):
        operator.execute(given)
    assert started[0][0].replay == {"by": by, "why": "the run's note: the disk was full"}


def test_a_backfill_of_a_window_that_never_ran_is_no_replay(
    operator: WindowWorkflowOperator,
    started: list[tuple[WindowRequest, Requester, bool]],
    asked_before: list[dict[str, Any]],
) -> None:
    assert asked_before == []
    given = context(TaskInstance())
    given["dag_run"].run_type = "backfill"
    with pytest.raises(TaskDeferred):
        operator.execute(given)
    assert started[0][0].replay is None


@pytest.mark.usefixtures("asked_before")
def test_the_note_of_an_earlier_replay_is_no_reason(
    operator: WindowWorkflowOperator, started: list[tuple[WindowRequest, Requester, bool]]
) -> None:
    given = context(TaskInstance(try_number=2, max_tries=3))
    given["dag_run"].note = "Played again from load by somebody: the disk was full"
    with pytest.raises(TaskDeferred):
        operator.execute(given)
    assert started[0][0].replay == {
        "by": "Airflow, the task of run was cleared",
        "why": "no reason was given",
    }


def test_the_link_is_there_while_it_waits(
    operator: WindowWorkflowOperator, started: list[tuple[WindowRequest, Requester, bool]]
) -> None:
    ti = TaskInstance()
    with pytest.raises(TaskDeferred):
        operator.execute(context(ti))
    link = TemporalWorkflowLink()
    assert ti.xcoms[link.xcom_key].endswith("/window%2F2026-01-05T08%3A00Z/run-1/history")
    # At the end Airflow asks once more and stores the answer: it must be the same.
    assert link.get_link(operator, ti_key=ti) == ti.xcoms[link.xcom_key]


def test_an_interval_that_is_no_window_fails_without_another_try(
    operator: WindowWorkflowOperator, started: list[tuple[WindowRequest, Requester, bool]]
) -> None:
    with pytest.raises(AirflowFailException, match="one full hour"):
        operator.execute(context(TaskInstance(), end=EIGHT + timedelta(hours=2)))
    assert started == []


@pytest.mark.parametrize("status", ["failed", "cancelled", "terminated", "timed_out", "lost"])
def test_every_other_ending_is_final_and_one_line(operator: WindowWorkflowOperator, status: str) -> None:
    outcome = Outcome(status, "window/2026-01-05T08:00Z", "r", "DataQualityFailed", "reconcile", "3 lost")
    with pytest.raises(AirflowFailException) as failed:
        operator.execute_complete(context(TaskInstance()), outcome.payload())
    said = str(failed.value)
    assert said == (
        f"window/2026-01-05T08:00Z {status.replace('_', ' ')} at reconcile: DataQualityFailed: 3 lost"
    )


def test_a_trigger_run_in_line_may_report_a_bare_success(operator: WindowWorkflowOperator) -> None:
    operator.execute_complete(context(TaskInstance()), "success")


def test_a_task_stopped_on_a_worker_cancels_what_it_started(
    operator: WindowWorkflowOperator,
    started: list[tuple[WindowRequest, Requester, bool]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cancelled: list[WorkflowRef] = []

    async def cancel(self: TemporalHook, ref: WorkflowRef, *, wait: timedelta) -> None:
        cancelled.append(ref)

    monkeypatch.setattr(TemporalHook, "cancel", cancel)
    operator.on_kill()
    assert cancelled == []
    with pytest.raises(TaskDeferred):
        operator.execute(context(TaskInstance()))
    operator.on_kill()
    assert cancelled == [WorkflowRef("window/2026-01-05T08:00Z", "run-1")]


@pytest.mark.parametrize(
    ("try_number", "max_tries", "first"),
    [
        pytest.param(1, 2, True, id="new"),
        pytest.param(2, 2, False, id="retried by Airflow"),
        pytest.param(3, 2, False, id="retried twice"),
        pytest.param(2, 3, True, id="cleared in its first try"),
        pytest.param(4, 5, True, id="cleared in its third"),
        pytest.param(3, 3, False, id="retried after a clear"),
        pytest.param(1, None, True, id="run in line"),
    ],
)
def test_whose_idea_a_try_was(try_number: int, max_tries: int | None, first: bool) -> None:
    assert is_first_attempt(try_number, max_tries, retries=2) is first
