"""Lets so many windows of one replay begin at a time as its run asks for, the oldest first."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

# A window takes minutes.
LOOK_EVERY_S = 5.0
ENDED = ("success", "failed", "skipped", "upstream_failed", "removed")


def is_turn(states: Mapping[str, Any], task_id: str, map_index: int, parallel: int) -> bool:
    """Whether fewer than `parallel` of the windows before this one have still to end.

    `states` as the API server gives them: by `<task>_<map index>`.
    """
    before = (states.get(f"{task_id}_{index}") for index in range(map_index))
    return sum(state not in ENDED for state in before) < parallel


class ReplayTurnTrigger(BaseTrigger):
    """Fires when it is the window's turn, and not before `resume_after` (see WindowWorkflowTrigger)."""

    def __init__(
        self, dag_id: str, run_id: str, task_id: str, map_index: int, parallel: int, resume_after: float
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.arguments: dict[str, Any] = {
            "dag_id": dag_id,
            "run_id": run_id,
            "task_id": task_id,
            "map_index": map_index,
            "parallel": parallel,
            "resume_after": resume_after,
        }

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f"{type(self).__module__}.{type(self).__qualname__}", self.arguments

    async def run(self) -> AsyncIterator[TriggerEvent]:
        await asyncio.sleep(max(0.0, self.arguments["resume_after"] - time.time()))
        while True:
            if await self.is_due():
                yield TriggerEvent("its turn")  # type: ignore[no-untyped-call]
                return
            await asyncio.sleep(LOOK_EVERY_S)

    async def is_due(self) -> bool:
        given = self.arguments
        return is_turn(await self.states(), given["task_id"], given["map_index"], given["parallel"])

    async def states(self) -> Mapping[str, Any]:
        """Of the run's tasks."""
        from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance
        from asgiref.sync import sync_to_async

        given = self.arguments
        found = await sync_to_async(RuntimeTaskInstance.get_task_states)(
            dag_id=given["dag_id"], task_ids=[given["task_id"]], run_ids=[given["run_id"]]
        )
        states: Mapping[str, Any] = found.get(given["run_id"], {})
        return states
