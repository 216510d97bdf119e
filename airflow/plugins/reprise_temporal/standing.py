"""What becomes of the execution of a window that is there already when a task wants the window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException

from reprise_temporal.window import STEPS, Requester, WindowRequest

if TYPE_CHECKING:
    from temporalio.client import WorkflowExecutionDescription


class Verdict(Enum):
    """What to do about it."""

    ADOPT = "wait for it and end as it ends"
    REPLACE = "leave it, and start another one"
    CANCEL = "have it cancelled, and then start another one"


@dataclass(frozen=True)
class Wish:
    """A task, and what it wants."""

    request: WindowRequest
    requester: Requester
    # For a new or cleared task; false when Airflow itself tries it again.
    first_attempt: bool
    # How often the task's run has been cleared.
    clear_number: int | None = None


@dataclass(frozen=True)
class Standing:
    """The latest execution of a window, as far as it matters to who comes next."""

    running: bool
    cancelling: bool
    # Cancelled or terminated: it came to no end of its own.
    stopped: bool
    memo: Mapping[str, Any]

    @classmethod
    async def of(cls, present: WorkflowExecutionDescription) -> Standing:
        from temporalio.client import WorkflowExecutionStatus as Status

        running = present.status == Status.RUNNING
        return cls(
            running=running,
            cancelling=running and present.raw_description.workflow_extended_info.cancel_requested,
            stopped=present.status in (Status.CANCELED, Status.TERMINATED),
            memo=await present.memo(),
        )


def memo_of(request: WindowRequest, requester: Requester, url: str) -> dict[str, Any]:
    """What an execution says of itself, for those who find it; cli/window-workflows.ts writes the same."""
    return {
        "airflow": dict(requester),
        "airflow_dag_run": url,
        "request": request.settings(),
        "from_step": request.from_step or STEPS[0],
    }


def verdict(standing: Standing, wish: Wish) -> Verdict:
    """:raises AirflowFailException: when somebody else's runs, and its end would not be what is wanted"""
    request = wish.request
    if is_handed_to(standing.memo.get("handed_to"), wish.requester, wish.clear_number):
        return Verdict.ADOPT
    ours = is_run_of(standing.memo.get("airflow"), wish.requester)
    if ours and not wish.first_attempt and not standing.cancelling and not standing.stopped:
        return Verdict.ADOPT
    if not standing.running:
        return Verdict.REPLACE
    if ours or standing.cancelling:
        # The task was cleared. Its trigger cancels the workflow too, perhaps after this try starts.
        return Verdict.CANCEL
    if request.amend:
        # It was begun by other rules, or without any judgement: its end would not be what is asked for.
        raise AirflowFailException(
            f"{request.workflow_id} is running; its quarantined records can be put through again once it "
            "has ended: clear this task then"
        )
    _refuse_other_settings(standing.memo, request)
    _refuse_later_step(standing.memo, request)
    return Verdict.ADOPT


def _refuse_other_settings(memo: Mapping[str, Any], request: WindowRequest) -> None:
    asked = memo.get("request")
    # What an earlier version started names no shape.
    if isinstance(asked, dict) and {"volume_shape": "flat", **asked} != request.settings():
        raise AirflowFailException(
            f"{request.workflow_id} is running with other settings ({_settings(asked)}); wait for it or "
            f"cancel it, then clear this task to run it with {_settings(request.settings())}"
        )


def _refuse_later_step(memo: Mapping[str, Any], request: WindowRequest) -> None:
    """What begins earlier does all that is asked for; what begins later leaves some of it as it was."""
    begun, asked = memo.get("from_step"), request.from_step or STEPS[0]
    # What an earlier version started does not say.
    if begun in STEPS and STEPS.index(begun) > STEPS.index(asked):
        raise AirflowFailException(
            f"{request.workflow_id} is running from {begun} on, and is wanted from {asked} on; wait for it "
            "or cancel it, then clear this task"
        )


def is_run_of(memo: Any, requester: Requester) -> bool:
    return isinstance(memo, dict) and all(memo.get(name) == requester[name] for name in ("dag_id", "run_id"))


def is_handed_to(memo: Any, requester: Requester, clear_number: int | None) -> bool:
    """Whether this life of the task is meant, and not one that a later clear has given it."""
    if not is_run_of(memo, requester):
        return False
    if memo.get("try_number") is not None:
        return bool(memo["try_number"] == requester["try_number"])
    return clear_number is not None and memo.get("clear_number") == clear_number


def _settings(settings: dict[str, Any]) -> str:
    named = [f"{name} {settings.get(name)}" for name in ("events", "seed", "shards")]
    return ", ".join([*named, str(settings.get("volume_shape", "flat"))])
