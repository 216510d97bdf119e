"""How a workflow ended, as something that can travel in a trigger event and be read by a person."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

# Airflow keeps the event in its database; a step bounds its own message, this bounds everyone else's.
MAX_MESSAGE = 2_000


@dataclass(frozen=True)
class Outcome:
    """``status`` is completed, failed, cancelled, terminated, timed_out or lost."""

    status: str
    workflow_id: str
    run_id: str
    failure_type: str | None = None
    step: str | None = None
    message: str | None = None

    def payload(self) -> dict[str, Any]:
        return asdict(self)

    def line(self) -> str:
        """One line: which window, how it ended, at which step, why."""
        where = f" at {self.step}" if self.step else ""
        why = ": ".join(part for part in (self.failure_type, self.message) if part)
        ending = self.status.replace("_", " ")
        return f"{self.workflow_id} {ending}{where}" + (f": {why}" if why else "")


def outcome_of_failure(error: BaseException, workflow_id: str, run_id: str) -> Outcome:
    """Reads a ``WorkflowFailureError``: the deepest application failure says what, the activity where."""
    from temporalio.exceptions import (
        ActivityError,
        ApplicationError,
        CancelledError,
        TerminatedError,
        TimeoutError,
    )

    # `cause` is the SDK's property of its own errors; WorkflowFailureError has one too.
    outermost = getattr(error, "cause", None) or error
    status = "failed"
    if isinstance(outermost, CancelledError):
        status = "cancelled"
    elif isinstance(outermost, TerminatedError):
        status = "terminated"
    elif isinstance(outermost, TimeoutError):
        status = "timed_out"

    failure_type: str | None = None
    step: str | None = None
    message = str(outermost)
    cause: BaseException | None = outermost
    while cause is not None:
        if isinstance(cause, ActivityError):
            step = step or cause.activity_type
        elif isinstance(cause, ApplicationError):
            failure_type, message = cause.type, cause.message
            step = _step_in(cause.details) or step
        elif isinstance(cause, TimeoutError) and status == "failed":
            failure_type, message = "TimedOut", str(cause)
        cause = getattr(cause, "cause", None)
    if step is not None:
        # The workflow's own message begins with the step, for those who read it in Temporal.
        message = message.removeprefix(f"{step}: ")
    return Outcome(
        status=status,
        workflow_id=workflow_id,
        run_id=run_id,
        failure_type=failure_type,
        step=step,
        message=" ".join(message.split())[:MAX_MESSAGE] or None,
    )


def _step_in(details: Any) -> str | None:
    """The workflow says at which step it stopped in its failure's details: ``{step: 'reconcile'}``."""
    for detail in details or ():
        if isinstance(detail, dict) and isinstance(detail.get("step"), str):
            return str(detail["step"])
    return None
