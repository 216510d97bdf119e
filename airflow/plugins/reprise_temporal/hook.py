"""Temporal's client as the bridge uses it: start or join a window's workflow, wait for it, cancel it."""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowException

from reprise_temporal import planning
from reprise_temporal.outcome import Outcome, outcome_of_failure
from reprise_temporal.settings import TemporalSettings, dag_run_url
from reprise_temporal.standing import Standing, Verdict, Wish, is_run_of, memo_of, verdict
from reprise_temporal.window import JOINED_SIGNAL, TASK_QUEUE, WORKFLOW, Requester, WindowRequest

if TYPE_CHECKING:
    from temporalio.client import Client, WorkflowExecutionDescription, WorkflowHandle

log = logging.getLogger(__name__)

# A step that is told to stop ends its Spark or dbt process first, which may take its time.
CLOSE_WITHIN = timedelta(minutes=5)


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
            wish = Wish(request, requester, first_attempt, clear_number)
            standing = await Standing.of(present)
            found = WorkflowRef(request.workflow_id, present.run_id)
            wanted = verdict(standing, wish)
            if wanted is Verdict.ADOPT:
                await self._note_joining(client, found, standing, wish)
                return found
            if wanted is Verdict.CANCEL:
                await self._make_way(client, found)

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
                **memo_of(request, requester, url),
                **({"handed_to": dict(handed_to)} if handed_to else {}),
            },
            static_summary=f"Airflow {requester['dag_id']} {requester['run_id']}"[:200],
            static_details=f"Started by [the Airflow run {requester['run_id']}]({url}).",
        )
        return WorkflowRef(request.workflow_id, handle.first_execution_run_id or handle.result_run_id or "")

    async def plan(self, scope: Mapping[str, Any], plan_id: str) -> list[dict[str, Any]]:
        """See `planning.plan`."""
        return await planning.plan(await self.client(), scope, plan_id)

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

    async def _note_joining(self, client: Client, ref: WorkflowRef, standing: Standing, wish: Wish) -> None:
        """A replay that finds the window running, by somebody else's order, goes on that one's record."""
        from temporalio.service import RPCError

        order = wish.request.replay
        if order is None or is_run_of(standing.memo.get("airflow"), wish.requester):
            return
        try:
            handle = client.get_workflow_handle(ref.workflow_id, run_id=ref.run_id)
            await handle.signal(JOINED_SIGNAL, dict(order))
        except RPCError as error:
            # It has just ended: then its end is the answer all the same.
            log.warning("%s was not told who joined it: %s", ref.workflow_id, error)

    async def _make_way(self, client: Client, ref: WorkflowRef) -> None:
        """Cancels the execution, and waits until it has closed."""
        from temporalio.client import WorkflowExecutionStatus

        await self.cancel(ref, wait=CLOSE_WITHIN)
        latest = await self._present(client, ref.workflow_id)
        running = latest is not None and latest.status == WorkflowExecutionStatus.RUNNING
        if running and latest is not None and latest.run_id == ref.run_id:
            raise AirflowException(
                f"{ref.workflow_id} was cancelled and is still closing after {CLOSE_WITHIN}"
            )

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


def _first_run(execution: WorkflowExecutionDescription) -> str:
    """Of the chain that the execution belongs to: the one that was started, before any reset."""
    return execution.raw_description.workflow_execution_info.first_run_id or execution.run_id


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
