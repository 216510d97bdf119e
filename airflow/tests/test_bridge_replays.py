"""Replays that meet each other, and executions that somebody has reset, against a real Temporal server."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from airflow.sdk.exceptions import AirflowFailException
from airflow.triggers.base import TaskSuccessEvent
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client
from test_bridge import HANGS, SOON, TAKES_A_WHILE, Bridge, asked, fired, task, trigger

from reprise_temporal.hook import TemporalHook, WorkflowRef
from reprise_temporal.settings import TemporalSettings
from reprise_temporal.window import TASK_QUEUE, WORKFLOW, ReplayOrder

ENDS_WHEN_JOINED = 6


async def reset(client: Client, ref: WorkflowRef) -> str:
    """As a person does it in Temporal: to the first workflow task."""
    handle = client.get_workflow_handle(ref.workflow_id, run_id=ref.run_id)
    events = [event async for event in handle.fetch_history_events()]
    done = next(
        event.event_id for event in events if event.HasField("workflow_task_completed_event_attributes")
    )
    answer = await client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=ref.workflow_id, run_id=ref.run_id),
            reason="a test",
            workflow_task_finish_event_id=done,
            request_id=ref.run_id,
        )
    )
    return str(answer.run_id)


async def begun(client: Client, ref: WorkflowRef) -> None:
    handle = client.get_workflow_handle(ref.workflow_id, run_id=ref.run_id)
    async for event in handle.fetch_history_events(wait_new_event=True):
        if event.HasField("workflow_task_completed_event_attributes"):
            return


def test_a_task_that_waits_goes_on_with_the_execution_of_a_reset(
    bridge: Bridge, server: TemporalSettings
) -> None:
    async def work(hook: TemporalHook, client: Client) -> None:
        ref = await hook.start_window(asked(TAKES_A_WHILE), task(), first_attempt=True)
        await begun(client, ref)
        await reset(client, ref)
        # Of an execution that was ended and not replaced it says terminated; see test_bridge.
        assert isinstance(await fired(trigger(server, ref)), TaskSuccessEvent)

    bridge(work)


def test_clearing_the_task_cancels_the_execution_of_a_reset(bridge: Bridge) -> None:
    async def work(hook: TemporalHook, client: Client) -> None:
        ref = await hook.start_window(asked(HANGS), task(), first_attempt=True)
        await begun(client, ref)
        second = await reset(client, ref)
        await hook.cancel(ref, wait=SOON)
        outcome, _ = await hook.outcome(ref)
        assert (outcome.status, outcome.run_id) == ("cancelled", second)

    bridge(work)


def test_a_window_that_was_started_anew_is_not_taken_for_a_reset(bridge: Bridge) -> None:
    async def work(hook: TemporalHook, client: Client) -> None:
        request = asked(HANGS)
        ref = await hook.start_window(request, task(), first_attempt=True)
        await client.get_workflow_handle(ref.workflow_id).terminate()
        other = await hook.start_window(request, task("another run"), first_attempt=True)
        outcome, _ = await hook.outcome(ref)
        assert (outcome.status, outcome.run_id) == ("terminated", ref.run_id)
        await hook.cancel(ref, wait=timedelta(seconds=1))
        running = await client.get_workflow_handle(other.workflow_id).describe()
        assert running.run_id == other.run_id
        assert running.close_time is None
        await hook.cancel(other, wait=SOON)

    bridge(work)


def test_a_replay_that_joins_another_says_so_to_it(bridge: Bridge) -> None:
    async def work(hook: TemporalHook, _: Client) -> None:
        request = asked(ENDS_WHEN_JOINED)
        ref = await hook.start_window(request, task(), first_attempt=True)
        # A run of the schedule that joins orders nothing.
        assert await hook.start_window(request, task("scheduled"), first_attempt=True) == ref
        order = ReplayOrder(by="Airflow user admin, replay_windows manual__1", why="a test")
        joining = replace(request, replay=order)
        assert await hook.start_window(joining, task("manual__1"), first_attempt=True) == ref
        outcome, result = await hook.outcome(ref)
        assert (outcome.status, result) == ("completed", {"joined_by": [order]})

    bridge(work)


@pytest.mark.parametrize("begun", [None, "generate", "load"])
@pytest.mark.parametrize("wanted", [None, "generate", "load", "build"])
def test_what_runs_is_joined_only_when_it_begins_where_it_is_wanted_from_or_earlier(
    bridge: Bridge, begun: str | None, wanted: str | None
) -> None:
    async def work(hook: TemporalHook, _: Client) -> None:
        request = replace(asked(HANGS), from_step=begun)
        running = await hook.start_window(request, task(), first_attempt=True)
        other = replace(request, from_step=wanted)
        if begun == "load" and wanted in (None, "generate"):
            with pytest.raises(
                AirflowFailException, match="running from load on, and is wanted from generate on"
            ):
                await hook.start_window(other, task("other"), first_attempt=True)
        else:
            assert await hook.start_window(other, task("other"), first_attempt=True) == running
        await hook.cancel(running, wait=SOON)

    bridge(work)


def test_what_an_earlier_version_has_started_is_joined_as_it_was_then(
    bridge: Bridge, server: TemporalSettings
) -> None:
    async def work(hook: TemporalHook, client: Client) -> None:
        request = asked(HANGS)
        handle = await client.start_workflow(
            WORKFLOW,
            request.workflow_input(task()),
            id=request.workflow_id,
            task_queue=TASK_QUEUE,
            memo={"airflow": task(), "request": {"events": 10, "seed": HANGS, "shards": 1}},
        )
        found = await hook.start_window(request, task("other"), first_attempt=True)
        assert found.run_id == handle.first_execution_run_id
        await hook.cancel(found, wait=SOON)

    bridge(work)
