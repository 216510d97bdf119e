"""Waits in the triggerer for a window's workflow, holding no worker slot."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from airflow.sdk.exceptions import AirflowException
from airflow.triggers.base import BaseTrigger, TaskSuccessEvent, TriggerEvent

from reprise_temporal.hook import TemporalHook, WorkflowRef
from reprise_temporal.outcome import Outcome
from reprise_temporal.settings import TemporalSettings

LONGEST_PAUSE_S = 30.0
# Below Airflow's own bound on on_kill ([triggerer] on_kill_timeout, 30 s).
KILL_WAIT = timedelta(seconds=15)


class WindowWorkflowTrigger(BaseTrigger):
    """Ends the task itself when the workflow completes; hands every other ending back to the operator.

    Ending it here saves the start of a worker process (seconds on a small machine) and cannot meet the race
    below.

    `resume_after` (Unix seconds) is the earliest moment for handing back: Airflow 3.3 can fail a task that
    resumes while the scheduler has not yet booked the end of its deferring process (apache/airflow 71580 and
    72716).
    """

    def __init__(
        self, address: str, namespace: str, ui_url: str, workflow_id: str, run_id: str, resume_after: float
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.settings = TemporalSettings(address=address, namespace=namespace, ui_url=ui_url)
        self.ref = WorkflowRef(workflow_id, run_id)
        self.resume_after = resume_after

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                "address": self.settings.address,
                "namespace": self.settings.namespace,
                "ui_url": self.settings.ui_url,
                "workflow_id": self.ref.workflow_id,
                "run_id": self.ref.run_id,
                "resume_after": self.resume_after,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        outcome, result = await self._outcome()
        if outcome.status == "completed":
            yield TaskSuccessEvent(xcoms={"return_value": result})
            return
        await asyncio.sleep(max(0.0, self.resume_after - time.time()))
        yield TriggerEvent(outcome.payload())  # type: ignore[no-untyped-call]

    async def on_kill(self) -> None:
        """Airflow calls this when a person clears or marks the task, never at a restart of the triggerer."""
        await TemporalHook(self.settings).cancel(self.ref, wait=KILL_WAIT)

    async def _outcome(self) -> tuple[Outcome, Any]:
        """Outlives restarts of Temporal: only an execution that Temporal no longer knows is given up."""
        pause = 1.0
        hook = TemporalHook(self.settings)
        while True:
            try:
                return await hook.outcome(self.ref)
            except Exception as error:
                if not _may_pass(error):
                    raise
                if _is_unknown(error):
                    gone = "Temporal no longer knows this execution"
                    return Outcome("lost", self.ref.workflow_id, self.ref.run_id, message=gone), None
                self.log.warning("Temporal at %s: %s; again in %.0f s", self.settings.address, error, pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_S)
                hook = TemporalHook(self.settings)


def _may_pass(error: Exception) -> bool:
    from temporalio.service import RPCError

    return isinstance(error, RPCError | AirflowException | RuntimeError | OSError)


def _is_unknown(error: Exception) -> bool:
    from temporalio.service import RPCError, RPCStatusCode

    return isinstance(error, RPCError) and error.status == RPCStatusCode.NOT_FOUND
