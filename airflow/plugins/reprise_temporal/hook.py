"""Temporal's client as the bridge uses it: start or join a window's workflow, wait for it, cancel it."""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowException, AirflowFailException

from reprise_temporal.outcome import Outcome, outcome_of_failure
from reprise_temporal.settings import TemporalSettings, dag_run_url
from reprise_temporal.window import (
    JOINED_SIGNAL,
    PLAN_WORKFLOW,
    TASK_QUEUE,
    WORKFLOW,
    ReplayOrder,
    Requester,
    WindowRequest,
)

if TYPE_CHECKING:
    from temporalio.client import Client, WorkflowExecutionDescription, WorkflowHandle

log = logging.getLogger(__name__)

# A step that is told to stop ends its Spark or dbt process first, which may take its time.
CLOSE_WITHIN = timedelta(minutes=5)

# A part of a plan takes seconds; the rest is for a worker that starts, or a store that comes back.
PLAN_WITHIN = timedelta(minutes=10)
# With the records of some windows once through the rules; as long as contracts allow the judgement, and some.
JUDGE_WITHIN = timedelta(minutes=40)


@dataclass(frozen=True)
class WorkflowRef:
    """One execution of a window's workflow."""

    workflow_id: str
    run_id: str


class TemporalHook:
    def __init__(self, settings: TemporalSettings) -> None:
        self.settings = settings
        self._client: Client | None = None

    async def client(self) -> Client:
        """:raises AirflowException: when Temporal does not answer; Airflow then tries the task again."""
        if self._client is None:
            # In a thread: the import takes about a second, and one loop serves every waiting task.
            module = await asyncio.to_thread(importlib.import_module, "temporalio.client")
            try:
                self._client = await module.Client.connect(
                    self.settings.address, namespace=self.settings.namespace
                )
            except (RuntimeError, OSError) as error:
                raise AirflowException(
                    f"Temporal does not answer at {self.settings.address}: {_first_line(error)}"
                ) from error
        return self._client

    async def start_window(
        self,
        request: WindowRequest,
        requester: Requester,
        *,
        first_attempt: bool,
        clear_number: int | None = None,
        handed_to: Mapping[str, Any] | None = None,
    ) -> WorkflowRef:
        """Starts the window's workflow, or joins the one that is there.

        `first_attempt` is true for a new or cleared task, whose window is then run anew. When Airflow itself
        tries a task again, the workflow of the earlier attempt is adopted, finished or not: Temporal alone
        decides what is repeated.

        A replay that somebody has started elsewhere and handed to this very life of the task (its memo's
        `handed_to` names the run and the try, or how often the run has been cleared) is adopted as well.
        `handed_to` says so of the workflow that is started here.
        """
        client = await self.client()
        present = await self._present(client, request.workflow_id)
        if present is not None:
            adopted = await self._settle_present(
                client, present, request, requester, first_attempt, clear_number
            )
            if adopted is not None:
                await self._note_joining(client, present, adopted, request.replay, requester)
                return adopted

        from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

        url = dag_run_url(requester["dag_id"], requester["run_id"])
        handle = await client.start_workflow(
            WORKFLOW,
            request.workflow_input(requester),
            id=request.workflow_id,
            task_queue=TASK_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            memo={
                "airflow": dict(requester),
                "airflow_dag_run": url,
                "request": request.settings(),
                **({"handed_to": dict(handed_to)} if handed_to else {}),
            },
            static_summary=f"Airflow {requester['dag_id']} {requester['run_id']}"[:200],
            static_details=f"Started by [the Airflow run {requester['run_id']}]({url}).",
        )
        return WorkflowRef(request.workflow_id, handle.first_execution_run_id or handle.result_run_id or "")

    async def plan(self, scope: Mapping[str, Any], plan_id: str) -> list[dict[str, Any]]:
        """The windows that a replay would play (`contracts/replay-plan.ts`: PlannedWindow), oldest first.

        Of a long range each part is asked for by itself: one payload does not hold them all.

        :raises AirflowFailException: when the scope is none
        :raises AirflowException: when no worker answers; Airflow then tries the task again
        """
        planned: list[dict[str, Any]] = []
        begin: str | None = scope["from"]
        while begin is not None:
            part = await self._plan_part({**scope, "from": begin}, f"{plan_id}/{begin}")
            planned += part["windows"]
            begin = part["next"]
        return planned

    async def _plan_part(self, scope: Mapping[str, Any], plan_id: str) -> dict[str, Any]:
        from temporalio.client import WorkflowFailureError
        from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

        client = await self.client()
        try:
            found = await client.execute_workflow(
                PLAN_WORKFLOW,
                dict(scope),
                id=plan_id,
                task_queue=TASK_QUEUE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                execution_timeout=JUDGE_WITHIN if "quarantined" in scope else PLAN_WITHIN,
            )
        except WorkflowFailureError as error:
            outcome = outcome_of_failure(error, plan_id, "")
            # No worker has come in time, or the store was away: that may pass. A scope that is none does not,
            # nor a worker that still judges by older rules.
            final = outcome.failure_type in ("InvalidInput", "Misconfigured")
            raise (AirflowFailException if final else AirflowException)(outcome.line()) from None
        return dict(found)

    async def outcome(self, ref: WorkflowRef) -> tuple[Outcome, Any]:
        """Waits until the workflow has closed; the second value is its result.

        When somebody resets the workflow meanwhile, Temporal ends this execution and goes on with another:
        that one counts then.
        """
        from temporalio.client import WorkflowFailureError

        try:
            result = await (await self._handle(ref)).result()
        except WorkflowFailureError as error:
            outcome = outcome_of_failure(error, ref.workflow_id, ref.run_id)
            following = await self._reset_of(ref) if outcome.status == "terminated" else None
            return (outcome, None) if following is None else await self.outcome(following)
        return Outcome("completed", ref.workflow_id, ref.run_id), result

    async def cancel(self, ref: WorkflowRef, *, wait: timedelta) -> None:
        """Asks the workflow to stop and waits a while; one that has closed already is left as it is."""
        from temporalio.service import RPCError, RPCStatusCode

        try:
            ref = await self._reset_of(ref) or ref
            await (await self._handle(ref)).cancel()
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return
            raise
        try:
            await asyncio.wait_for(self.outcome(ref), timeout=wait.total_seconds())
        except TimeoutError:
            return

    async def _handle(self, ref: WorkflowRef) -> WorkflowHandle[Any, Any]:
        # Pinned to this execution: a late cancellation must not hit the one that replaced it.
        client = await self.client()
        return client.get_workflow_handle(ref.workflow_id, run_id=ref.run_id)

    async def _reset_of(self, ref: WorkflowRef) -> WorkflowRef | None:
        """The execution that a reset has put in the place of this one; None: there is none."""
        present = await self._present(await self.client(), ref.workflow_id)
        if present is None or present.run_id == ref.run_id:
            return None
        origin = await self._present(await self.client(), ref.workflow_id, ref.run_id)
        first = _first_run(present)
        # One that was started anew begins with itself; windows never continue as new.
        same = first != present.run_id and origin is not None and first == _first_run(origin)
        return WorkflowRef(ref.workflow_id, present.run_id) if same else None

    async def _note_joining(
        self,
        client: Client,
        present: WorkflowExecutionDescription,
        ref: WorkflowRef,
        order: ReplayOrder | None,
        requester: Requester,
    ) -> None:
        """A replay that finds the window running, by somebody else's order, goes on that one's record."""
        from temporalio.service import RPCError

        if order is None or _same_run((await present.memo()).get("airflow"), requester):
            return
        try:
            handle = client.get_workflow_handle(ref.workflow_id, run_id=ref.run_id)
            await handle.signal(JOINED_SIGNAL, dict(order))
        except RPCError as error:
            # It has just ended: then its end is the answer all the same.
            log.warning("%s was not told who joined it: %s", ref.workflow_id, error)

    async def _present(
        self, client: Client, workflow_id: str, run_id: str | None = None
    ) -> WorkflowExecutionDescription | None:
        from temporalio.service import RPCError, RPCStatusCode

        try:
            return await client.get_workflow_handle(workflow_id, run_id=run_id).describe()
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                return None
            raise

    async def _settle_present(
        self,
        client: Client,
        present: WorkflowExecutionDescription,
        request: WindowRequest,
        requester: Requester,
        first_attempt: bool,
        clear_number: int | None,
    ) -> WorkflowRef | None:
        """Adopts the latest execution of the window, or makes way for a new one (None)."""
        from temporalio.client import WorkflowExecutionStatus as Status

        ref = WorkflowRef(request.workflow_id, present.run_id)
        memo = await present.memo()
        if _is_handed_to(memo.get("handed_to"), requester, clear_number):
            return ref
        running = present.status == Status.RUNNING
        cancelling = running and present.raw_description.workflow_extended_info.cancel_requested
        ours = _same_run(memo.get("airflow"), requester)

        stopped = present.status in (Status.CANCELED, Status.TERMINATED)
        if ours and not first_attempt and not cancelling and not stopped:
            return ref
        if not running:
            return None
        if ours or cancelling:
            # The task was cleared. Its trigger cancels the workflow too, perhaps after this try starts.
            await self.cancel(ref, wait=CLOSE_WITHIN)
            latest = await self._present(client, request.workflow_id)
            if latest is not None and latest.run_id == ref.run_id and latest.status == Status.RUNNING:
                raise AirflowException(
                    f"{request.workflow_id} was cancelled and is still closing after {CLOSE_WITHIN}"
                )
            return None
        if request.amend:
            # It was begun by other rules, or without any judgement: its end would not be what is asked for.
            raise AirflowFailException(
                f"{request.workflow_id} is running; its quarantined records can be put through again once it "
                "has ended: clear this task then"
            )
        asked = memo.get("request")
        # What an earlier version started names no shape.
        if isinstance(asked, dict) and {"volume_shape": "flat", **asked} != request.settings():
            raise AirflowFailException(
                f"{request.workflow_id} is running with other settings ({_settings(asked)}); wait for it or "
                f"cancel it, then clear this task to run it with {_settings(request.settings())}"
            )
        return ref


def _first_run(execution: WorkflowExecutionDescription) -> str:
    """Of the chain that the execution belongs to: the one that was started, before any reset."""
    return execution.raw_description.workflow_execution_info.first_run_id or execution.run_id


def _same_run(memo: Any, requester: Requester) -> bool:
    return isinstance(memo, dict) and all(memo.get(name) == requester[name] for name in ("dag_id", "run_id"))


def _is_handed_to(memo: Any, requester: Requester, clear_number: int | None) -> bool:
    """Whether this life of the task is meant, and not one that a later clear has given it."""
    if not _same_run(memo, requester):
        return False
    if memo.get("try_number") is not None:
        return bool(memo["try_number"] == requester["try_number"])
    return clear_number is not None and memo.get("clear_number") == clear_number


def _settings(settings: dict[str, Any]) -> str:
    named = [f"{name} {settings.get(name)}" for name in ("events", "seed", "shards")]
    return ", ".join([*named, str(settings.get("volume_shape", "flat"))])


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
