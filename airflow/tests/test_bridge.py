"""The bridge against a real Temporal server: start, join, adopt, cancel, and every way a workflow can end."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from airflow.triggers.base import TaskSuccessEvent, TriggerEvent
from temporal_server import ATTEMPTS, TemporalServer, pretending_worker
from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError

from reprise_temporal.hook import TemporalHook, WorkflowRef
from reprise_temporal.settings import TemporalSettings
from reprise_temporal.trigger import WindowWorkflowTrigger
from reprise_temporal.window import Requester, WindowRequest

COMPLETES, FAILS, FAILS_IN_ACTIVITY, HANGS, TAKES_A_WHILE = 1, 2, 3, 4, 5
SOON = timedelta(seconds=20)

Work = Callable[[TemporalHook, Client], Awaitable[None]]
Bridge = Callable[[Work], None]


def asked(seed: int, events: int = 10) -> WindowRequest:
    # Its own window for each test; the name is not looked at here.
    return WindowRequest(window=uuid.uuid4().hex, events=events, seed=seed, shards=1)


def task(run_id: str = "run", try_number: int = 1) -> Requester:
    return Requester(dag_id="listening_window", run_id=run_id, task_id="run_window", try_number=try_number)


def trigger(server: TemporalSettings, ref: WorkflowRef, resume_after: float = 0.0) -> WindowWorkflowTrigger:
    return WindowWorkflowTrigger(
        address=server.address,
        namespace=server.namespace,
        ui_url=server.ui_url,
        workflow_id=ref.workflow_id,
        run_id=ref.run_id,
        resume_after=resume_after,
    )


async def fired(one: WindowWorkflowTrigger) -> TriggerEvent:
    events = [event async for event in one.run()]
    assert len(events) == 1
    return events[0]


async def status(client: Client, ref: WorkflowRef) -> WorkflowExecutionStatus | None:
    return (await client.get_workflow_handle(ref.workflow_id, run_id=ref.run_id).describe()).status


def test_a_completed_window_ends_the_task_in_the_triggerer(bridge: Bridge, server: TemporalSettings) -> None:
    async def work(hook: TemporalHook, client: Client) -> None:
        request = asked(COMPLETES)
        ref = await hook.start_window(request, task(), first_attempt=True)
        event = await fired(trigger(server, ref, resume_after=time.time() + 3600))
        assert isinstance(event, TaskSuccessEvent)
        result = (event.xcoms or {})["return_value"]
        assert result == {"window": request.window, "requested_by": "airflow listening_window run"}
        description = await client.get_workflow_handle(ref.workflow_id).describe()
        memo = await description.memo()
        assert memo["airflow"] == task()
        assert memo["airflow_dag_run"].endswith("/dags/listening_window/runs/run")
        assert memo["request"] == {"events": 10, "seed": COMPLETES, "shards": 1, "volume_shape": "flat"}

    bridge(work)


@pytest.mark.parametrize(("seed", "step"), [(FAILS, "reconcile"), (FAILS_IN_ACTIVITY, "reconcileWindow")])
def test_a_failed_window_says_what_and_where_in_one_line(
    bridge: Bridge, server: TemporalSettings, seed: int, step: str
) -> None:
    async def work(hook: TemporalHook, _: Client) -> None:
        ref = await hook.start_window(asked(seed), task(), first_attempt=True)
        event = await fired(trigger(server, ref))
        assert not isinstance(event, TaskSuccessEvent)
        assert event.payload["status"] == "failed"
        assert event.payload["failure_type"] == "DataQualityFailed"
        assert event.payload["step"] == step
        assert event.payload["message"] in ("raw lacks 3 records",)

    bridge(work)


def test_a_failure_is_not_handed_back_before_its_time(bridge: Bridge, server: TemporalSettings) -> None:
    async def work(hook: TemporalHook, _: Client) -> None:
        ref = await hook.start_window(asked(FAILS), task(), first_attempt=True)
        due = time.time() + 2
        await fired(trigger(server, ref, resume_after=due))
        assert time.time() >= due

    bridge(work)


def test_clearing_cancels_the_workflow_and_the_next_try_starts_a_new_one(
    bridge: Bridge, server: TemporalSettings
) -> None:
    async def work(hook: TemporalHook, client: Client) -> None:
        request = asked(HANGS)
        old = await hook.start_window(request, task(), first_attempt=True)
        await trigger(server, old).on_kill()
        assert await status(client, old) == WorkflowExecutionStatus.CANCELED
        event = await fired(trigger(server, old))
        assert event.payload["status"] == "cancelled"
        new = await hook.start_window(request, task(try_number=2), first_attempt=True)
        assert new.run_id != old.run_id
        assert await status(client, new) == WorkflowExecutionStatus.RUNNING
        # The trigger of the first try may say it again, late: that must not reach the second.
        await hook.cancel(old, wait=SOON)
        assert await status(client, new) == WorkflowExecutionStatus.RUNNING
        await hook.cancel(new, wait=SOON)

    bridge(work)


def test_a_cleared_task_does_not_join_what_its_trigger_has_yet_to_cancel(bridge: Bridge) -> None:
    async def work(hook: TemporalHook, client: Client) -> None:
        request = asked(HANGS)
        old = await hook.start_window(request, task(), first_attempt=True)
        new = await hook.start_window(request, task(try_number=2), first_attempt=True)
        assert await status(client, old) == WorkflowExecutionStatus.CANCELED
        assert await status(client, new) == WorkflowExecutionStatus.RUNNING
        await hook.cancel(new, wait=SOON)

    bridge(work)


@pytest.mark.parametrize("seed", [COMPLETES, FAILS, HANGS])
def test_airflows_own_retry_adopts_the_workflow_of_the_lost_try(bridge: Bridge, seed: int) -> None:
    async def work(hook: TemporalHook, _: Client) -> None:
        request = asked(seed)
        first = await hook.start_window(request, task(), first_attempt=True)
        if seed != HANGS:
            await hook.outcome(first)
        again = await hook.start_window(request, task(try_number=2), first_attempt=False)
        assert again == first
        await hook.cancel(first, wait=SOON)

    bridge(work)


def test_airflows_tries_do_not_multiply_temporals(server: TemporalSettings) -> None:
    attempts: list[int] = []

    @activity.defn(name="reconcileWindow")
    async def unavailable() -> None:
        attempts.append(activity.info().attempt)
        raise ApplicationError("no store", type="Unavailable")

    async def work() -> None:
        async with pretending_worker(server, unavailable) as client:
            hook = TemporalHook(server)
            request = asked(FAILS_IN_ACTIVITY)
            first = await hook.start_window(request, task(), first_attempt=True)
            for try_number in (2, 3):
                outcome, _ = await hook.outcome(first)
                assert (outcome.status, outcome.failure_type) == ("failed", "Unavailable")
                retried = await hook.start_window(request, task(try_number=try_number), first_attempt=False)
                assert retried == first
            newest = await client.get_workflow_handle(first.workflow_id).describe()
            assert newest.run_id == first.run_id
            history = await client.get_workflow_handle(first.workflow_id).fetch_history()
            # Nor does Temporal run a window again by itself: that is for a person to ask.
            assert not history.events[0].workflow_execution_started_event_attributes.HasField("retry_policy")

    asyncio.run(work())
    assert attempts == list(range(1, ATTEMPTS + 1))


def test_another_run_joins_a_running_window_of_the_same_settings(bridge: Bridge) -> None:
    async def work(hook: TemporalHook, _: Client) -> None:
        request = asked(HANGS)
        first = await hook.start_window(request, task(), first_attempt=True)
        assert await hook.start_window(request, task("other"), first_attempt=True) == first
        await hook.cancel(first, wait=SOON)

    bridge(work)


def test_another_run_does_not_take_a_window_of_other_settings_for_its_own(bridge: Bridge) -> None:
    async def work(hook: TemporalHook, _: Client) -> None:
        request = asked(HANGS)
        first = await hook.start_window(request, task(), first_attempt=True)
        other = WindowRequest(window=request.window, events=99, seed=HANGS, shards=1)
        with pytest.raises(AirflowFailException, match=r"other .* \(events 10, seed 4, shards 1, flat\)"):
            await hook.start_window(other, task("other"), first_attempt=True)
        await hook.cancel(first, wait=SOON)

    bridge(work)


def test_a_window_that_runs_is_not_taken_for_one_whose_records_are_judged_anew(bridge: Bridge) -> None:
    async def work(hook: TemporalHook, _: Client) -> None:
        request = asked(HANGS)
        running = await hook.start_window(request, task(), first_attempt=True)
        judged = replace(request, amend=True, rules="mended")
        with pytest.raises(AirflowFailException, match="is running; its quarantined records"):
            await hook.start_window(judged, task("other"), first_attempt=True)
        await hook.cancel(running, wait=SOON)

    bridge(work)


def test_a_window_that_has_run_can_be_run_again(bridge: Bridge) -> None:
    async def work(hook: TemporalHook, _: Client) -> None:
        request = asked(COMPLETES)
        first = await hook.start_window(request, task(), first_attempt=True)
        await hook.outcome(first)
        assert (await hook.start_window(request, task(try_number=2), first_attempt=True)) != first

    bridge(work)


@pytest.mark.parametrize("seed", [COMPLETES, HANGS])
@pytest.mark.parametrize("named", [{"try_number": 2}, {"clear_number": 1}])
def test_a_replay_that_was_handed_to_a_task_is_adopted_by_it_and_by_no_later_life_of_it(
    bridge: Bridge, seed: int, named: dict[str, int]
) -> None:
    async def work(hook: TemporalHook, client: Client) -> None:
        request = asked(seed)
        handed = {"dag_id": "listening_window", "run_id": "run", **named}
        replay = await hook.start_window(request, task("elsewhere"), first_attempt=True, handed_to=handed)
        if seed == COMPLETES:
            await hook.outcome(replay)
        adopted = await hook.start_window(request, task(try_number=2), first_attempt=True, clear_number=1)
        assert adopted == replay
        await hook.cancel(replay, wait=SOON)
        later = await hook.start_window(request, task(try_number=3), first_attempt=True, clear_number=2)
        assert later != replay
        await hook.cancel(later, wait=SOON)

    bridge(work)


def test_a_plan_is_asked_for_and_a_scope_that_is_none_is_final(bridge: Bridge) -> None:
    async def work(hook: TemporalHook, _: Client) -> None:
        scope = {"from": "2026-01-05T08:00Z", "to": "2026-01-05T09:00Z", "failed": True}
        name = f"replay-plan/{uuid.uuid4().hex}"
        # In as many parts as it takes.
        assert await hook.plan(scope, name) == [
            {"window": start, "scope": {**scope, "from": start}} for start in (scope["from"], scope["to"])
        ]
        with pytest.raises(AirflowFailException, match="InvalidInput: to: that is no range"):
            await hook.plan({**scope, "from": "1999-01-05T08:00Z"}, f"{name}-2")

    bridge(work)


def test_an_execution_that_temporal_has_forgotten_is_given_up(
    bridge: Bridge, server: TemporalSettings
) -> None:
    async def work(_: TemporalHook, __: Client) -> None:
        event = await fired(trigger(server, WorkflowRef("window/never", str(uuid.uuid4()))))
        assert event.payload["status"] == "lost"

    bridge(work)


def test_waiting_outlives_a_restart_of_temporal(program: Path, tmp_path: Path) -> None:
    server = TemporalServer(program, tmp_path / "temporal.db")

    async def work() -> None:
        async with pretending_worker(server.settings):
            request = asked(TAKES_A_WHILE)
            ref = await TemporalHook(server.settings).start_window(request, task(), first_attempt=True)
            waiting = asyncio.create_task(fired(trigger(server.settings, ref)))
            await asyncio.sleep(1)
            await asyncio.to_thread(server.stop)
            await asyncio.to_thread(server.start)
            assert not waiting.done()
            assert isinstance(await asyncio.wait_for(waiting, timeout=60), TaskSuccessEvent)

    try:
        server.start()
        asyncio.run(work())
    finally:
        server.stop()


def test_cancelling_what_has_closed_or_never_was_is_no_error(bridge: Bridge) -> None:
    async def work(hook: TemporalHook, _: Client) -> None:
        ref = await hook.start_window(asked(COMPLETES), task(), first_attempt=True)
        await hook.outcome(ref)
        await hook.cancel(ref, wait=SOON)
        await hook.cancel(WorkflowRef("window/never", str(uuid.uuid4())), wait=SOON)

    bridge(work)


def test_no_temporal_is_one_line_and_worth_another_try() -> None:
    hook = TemporalHook(TemporalSettings(address="127.0.0.1:9", namespace="default", ui_url=""))
    with pytest.raises(AirflowException, match=r"does not answer at 127\.0\.0\.1:9") as caught:
        asyncio.run(hook.client())
    assert not isinstance(caught.value, AirflowFailException)
    assert "\n" not in str(caught.value)
