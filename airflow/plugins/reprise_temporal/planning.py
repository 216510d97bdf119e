"""Has a replay planned by Reprise's workers: the same plan that `npx reprise replay` makes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowException, AirflowFailException

from reprise_temporal.outcome import outcome_of_failure
from reprise_temporal.window import PLAN_WORKFLOW, TASK_QUEUE

if TYPE_CHECKING:
    from temporalio.client import Client

# A part of a plan takes seconds; the rest is for a worker that starts, or a store that comes back.
PLAN_WITHIN = timedelta(minutes=10)
# With the records of some windows once through the rules; as long as contracts allow the judgement, and some.
JUDGE_WITHIN = timedelta(minutes=40)


async def plan(client: Client, scope: Mapping[str, Any], plan_id: str) -> list[dict[str, Any]]:
    """The windows that a replay would play (`contracts/replay-plan.ts`: PlannedWindow), oldest first.

    Of a long range each part is asked for by itself: one payload does not hold them all.

    :raises AirflowFailException: when the scope is none
    :raises AirflowException: when no worker answers; Airflow then tries the task again
    """
    planned: list[dict[str, Any]] = []
    begin: str | None = scope["from"]
    while begin is not None:
        part = await _part(client, {**scope, "from": begin}, f"{plan_id}/{begin}")
        planned += part["windows"]
        begin = part["next"]
    return planned


async def _part(client: Client, scope: Mapping[str, Any], plan_id: str) -> dict[str, Any]:
    from temporalio.client import WorkflowFailureError
    from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

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
