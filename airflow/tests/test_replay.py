"""Replays chosen in Airflow: the plan, each window, and what the window's own run is told."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred
from test_operator import TaskInstance

from reprise_temporal import replay, turn
from reprise_temporal.hook import TemporalHook, WorkflowRef
from reprise_temporal.replay import PlanReplayOperator, ReplayWindowOperator, handed_to, scope_of
from reprise_temporal.turn import ReplayTurnTrigger, is_turn
from reprise_temporal.window import Requester, WindowRequest

WINDOW = "2026-01-05T08:00Z"
PLANNED: dict[str, Any] = {
    "window": WINDOW,
    "request": {"window": WINDOW, "events": 5, "seed": 7, "shards": 1, "volume_shape": "flat"},
    "from_step": "load",
    "refused": None,
    "why": "it failed at load",
    "played_by": {"dag_id": "listening_window", "run_id": "scheduled__1"},
}


def context(**params: Any) -> Any:
    run = SimpleNamespace(
        dag_id="replay_windows", run_id="manual__1", triggering_user_name="admin", clear_number=0, note=None
    )
    return {"ti": TaskInstance(dag_id="replay_windows", run_id="manual__1"), "dag_run": run, "params": params}


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the hook is asked to plan, without a server."""
    asked: list[dict[str, Any]] = []

    async def plan(self: TemporalHook, scope: dict[str, Any], plan_id: str) -> list[dict[str, Any]]:
        assert plan_id == "replay-plan/manual__1"
        asked.append(scope)
        refused = "it cannot begin there" if scope.get("from_step") == "build" else None
        return [{**PLANNED, "refused": refused}]

    monkeypatch.setattr(TemporalHook, "plan", plan)
    return asked


def test_a_range_is_planned(planned: list[dict[str, Any]]) -> None:
    found = PlanReplayOperator(task_id="plan").execute(
        context(**{"from": "2026-01-05T08:00:00Z", "to": "2026-01-10T09:00:00+01:00", "failed": True})
    )
    assert planned == [{"from": "2026-01-05T08:00Z", "to": "2026-01-10T08:00Z", "failed": True}]
    assert found == [PLANNED]


def test_more_windows_than_airflow_maps_a_task_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async def plan(self: TemporalHook, scope: dict[str, Any], plan_id: str) -> list[dict[str, Any]]:
        return [PLANNED] * 1025

    monkeypatch.setattr(TemporalHook, "plan", plan)
    with pytest.raises(AirflowFailException, match=r"1025 windows are to be played.* cut the range"):
        PlanReplayOperator(task_id="plan").execute(context(**{"from": WINDOW, "to": WINDOW}))


def test_a_window_that_is_refused_fails_by_itself(planned: list[dict[str, Any]]) -> None:
    scope = {"from": WINDOW, "to": WINDOW, "failed": False, "from_step": "build"}
    (one,) = PlanReplayOperator(task_id="plan").execute(context(**scope))
    with pytest.raises(AirflowFailException, match=r"left as it is: it cannot begin there"):
        ReplayWindowOperator(task_id="replay_window", planned=one).execute(context())


def test_quarantined_records_are_judged_whatever_became_of_the_window(planned: list[dict[str, Any]]) -> None:
    scope = {"from": WINDOW, "to": "2026-01-05T15:00Z", "failed": True}
    PlanReplayOperator(task_id="plan").execute(
        context(**scope, quarantined=True, reason_code="invalid_value")
    )
    judged = {"failed": False, "quarantined": {"reason_code": "invalid_value"}}
    assert planned == [{"from": WINDOW, "to": "2026-01-05T15:00Z", **judged}]


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        ({"quarantined": True, "from_step": "load"}, "leave from_step out"),
        ({"reason_code": "invalid_value"}, "say quarantined as well"),
    ],
)
def test_what_does_not_go_together_is_refused(scope: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        scope_of({"from": WINDOW, "to": WINDOW, **scope})


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2026-01-05T08:30Z", "2026-01-05T09:00Z", "full hour"),
        ("2026-01-05T08:00Z", "2026-01-05T07:00Z", "lies before"),
        ("2026-01-05T08:00Z", "2027-01-07T07:00Z", "cut the range"),
        ("soon", "2026-01-05T07:00Z", "from must be the start of a window"),
    ],
)
def test_a_range_that_is_none_is_refused(first: str, last: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        scope_of({"from": first, "to": last})


class Played:
    """What one replayed window does, without servers."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun: list[tuple[WindowRequest, Requester, Any]] = []
        self.cleared: list[tuple[str, str, str]] = []
        self.refuses = False
        played = self

        async def start(self: TemporalHook, request: WindowRequest, requester: Requester, **rest: Any) -> Any:
            assert played.cleared == []
            played.begun.append((request, requester, rest["handed_to"]))
            return WorkflowRef(request.workflow_id, "run-1")

        def let_go(dag_id: str, run_id: str, note: str) -> None:
            if played.refuses:
                raise RuntimeError("no such run")
            played.cleared.append((dag_id, run_id, note))

        monkeypatch.setattr(TemporalHook, "start_window", start)
        monkeypatch.setattr(replay, "let_go", let_go)
        monkeypatch.setattr(replay, "ended_run", lambda dag_id, run_id: SimpleNamespace(clear_number=2))


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Played:
    return Played(monkeypatch)


def run_it(planned: dict[str, Any] = PLANNED) -> None:
    with pytest.raises(TaskDeferred):
        ReplayWindowOperator(task_id="replay_window", planned=planned).execute(context(reason="a test"))


def test_a_window_is_played_as_it_was_asked_for_and_its_own_run_is_told(played: Played) -> None:
    run_it()
    ((request, requester, handed),) = played.begun
    assert request.workflow_input(requester) == {
        **PLANNED["request"],
        "source": "auto",
        "from_step": "load",
        "replay": {"by": "Airflow user admin, replay_windows manual__1", "why": "a test"},
        "requested_by": "airflow replay_windows manual__1",
        "airflow": requester,
    }
    assert handed == {"dag_id": "listening_window", "run_id": "scheduled__1", "clear_number": 3}
    note = "Played again from load by Airflow user admin, replay_windows manual__1: a test"
    assert played.cleared == [("listening_window", "scheduled__1", note)]


def test_a_mended_rule_amends_the_ledger_by_the_rules_that_were_planned_by(played: Played) -> None:
    run_it({**PLANNED, "from_step": "ingest", "amends": ["2 records more."], "rules": "abc"})
    ((request, requester, _),) = played.begun
    sent = request.workflow_input(requester)
    assert (sent["amend"], sent["rules"]) == (True, "abc")


def test_a_window_that_airflow_did_not_play_has_no_run_to_tell(played: Played) -> None:
    run_it({**PLANNED, "played_by": None})
    assert played.begun[0][2] is None
    assert played.cleared == []


def test_a_run_that_cannot_be_told_does_not_stop_the_replay(played: Played) -> None:
    played.refuses = True
    run_it()
    assert len(played.begun) == 1


def at(map_index: int, **params: Any) -> Any:
    """The context of one of the mapped windows."""
    given = context(**params)
    given["ti"].map_index = map_index
    return given


@pytest.mark.parametrize(
    ("map_index", "params", "begins"),
    [(0, {}, True), (1, {}, True), (2, {}, False), (1, {"parallel": 1}, False), (2, {"parallel": 3}, True)],
)
def test_as_many_windows_begin_as_the_run_asks_for(
    played: Played, map_index: int, params: dict[str, Any], begins: bool
) -> None:
    replaying = ReplayWindowOperator(task_id="replay_window", planned=PLANNED)
    with pytest.raises(TaskDeferred) as deferred:
        replaying.execute(at(map_index, **params))
    assert isinstance(deferred.value.trigger, ReplayTurnTrigger) is not begins
    assert len(played.begun) == int(begins)
    if not begins:
        assert deferred.value.method_name == "begin"
        with pytest.raises(TaskDeferred):
            replaying.begin(at(map_index, **params), "its turn")
        assert len(played.begun) == 1


def test_it_is_a_windows_turn_when_enough_of_those_before_it_have_ended() -> None:
    states = {"w_0": "success", "w_1": "deferred", "w_2": "failed", "w_3": None}
    assert is_turn(states, "w", 2, parallel=2)
    assert not is_turn(states, "w", 4, parallel=2)
    assert is_turn({**states, "w_3": "upstream_failed"}, "w", 4, parallel=2)
    # One that Airflow has not made yet has not ended.
    assert not is_turn({}, "w", 1, parallel=1)


def test_a_window_waits_for_its_turn_and_not_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = [{"w_0": "running"}, {"w_0": "deferred"}, {"w_0": "success"}]
    monkeypatch.setattr(turn, "LOOK_EVERY_S", 0.0)

    async def states(self: ReplayTurnTrigger) -> dict[str, Any]:
        return looks.pop(0)

    monkeypatch.setattr(ReplayTurnTrigger, "states", states)
    waiting = ReplayTurnTrigger("replay_windows", "manual__1", "w", 1, parallel=1, resume_after=0.0)
    path, arguments = waiting.serialize()
    assert path == "reprise_temporal.turn.ReplayTurnTrigger"
    assert ReplayTurnTrigger(**arguments).serialize() == (path, arguments)

    async def fired() -> list[Any]:
        return [event async for event in waiting.run()]

    assert len(asyncio.run(fired())) == 1
    assert looks == []


def test_a_run_under_way_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "ended_run", lambda dag_id, run_id: None)
    assert handed_to(PLANNED["played_by"]) is None


def test_a_range_given_in_another_zone_is_the_same_range() -> None:
    naive = datetime(2026, 1, 5, 8, tzinfo=UTC).replace(tzinfo=None).isoformat()
    part = scope_of({"from": naive, "to": "2026-01-05T10:00:00+02:00"})
    assert (part["from"], part["to"]) == (WINDOW, WINDOW)
