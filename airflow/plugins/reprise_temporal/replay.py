"""Plays windows again that somebody has chosen: what there is to play, and each of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.sdk import BaseOperator
from airflow.sdk.configuration import conf
from airflow.sdk.exceptions import AirflowFailException

from reprise_temporal.hook import TemporalHook
from reprise_temporal.operator import (
    RESUME_AFTER_S,
    WindowWorkflowOperator,
    is_first_attempt,
    requester_of,
)
from reprise_temporal.settings import TemporalSettings
from reprise_temporal.turn import ReplayTurnTrigger
from reprise_temporal.window import WINDOW, ReplayOrder, WindowRequest, replay_order, window_id

if TYPE_CHECKING:
    from airflow.sdk import Context

# Unless the run says otherwise: as many as `listening_window` runs side by side.
WINDOWS_AT_ONCE = 2
# contracts/replay-plan.ts: MOST_PLANNED
MOST_WINDOWS = 8784


class PlanReplayOperator(BaseOperator):
    """Finds out which windows there are to play, and returns one dict a window, oldest first.

    It goes by the run's parameters: `from` and `to`, ISO 8601 (the last window is played as well), `failed`,
    `from_step`, `quarantined` with `reason_code`. A window that cannot be played is among them: its own task
    fails and says why, and the others are played.
    """

    def execute(self, context: Context) -> list[dict[str, Any]]:
        ti = context["ti"]
        try:
            scope = scope_of(context["params"])
        except ValueError as error:
            raise AirflowFailException(str(error)) from None
        planned = asyncio.run(TemporalHook(TemporalSettings.read()).plan(scope, f"replay-plan/{ti.run_id}"))
        for one in planned:
            self.log.info("%s from %s: %s", one["window"], one["from_step"], one["refused"] or one["why"])
        most = conf.getint("core", "max_map_length")
        if len(planned) > most:
            raise AirflowFailException(
                f"nothing was started: {len(planned)} windows are to be played, and Airflow maps a task "
                f"{most} times at most ([core] max_map_length); cut the range"
            )
        return planned


class ReplayWindowOperator(WindowWorkflowOperator):
    """Plays one planned window again and waits for it, as its own DAG run does.

    The run of `listening_window` that played the window last is let go again once the workflow runs: its task
    finds the workflow and ends as it ends, so that both pages tell the same.
    """

    def __init__(self, *, planned: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.planned = planned
        self._handing: dict[str, Any] | None = None
        self._note = ""

    def execute(self, context: Context) -> NoReturn:
        if self.planned["refused"] is not None:
            raise AirflowFailException(
                f"{self.planned['window']} was left as it is: {self.planned['refused']}"
            )
        ti = context["ti"]
        parallel, index = parallel_of(context), ti.map_index or 0
        if index < parallel:
            self.begin(context)
        self.defer(
            trigger=ReplayTurnTrigger(
                dag_id=ti.dag_id,
                run_id=ti.run_id,
                task_id=ti.task_id,
                map_index=index,
                parallel=parallel,
                resume_after=time.time() + RESUME_AFTER_S,
            ),
            method_name="begin",
        )

    def begin(self, context: Context, event: Any = None) -> NoReturn:
        """Called at once, or with the event of its turn."""
        ti, run = context["ti"], context["dag_run"]
        order = order_of(run, (context.get("params") or {}).get("reason"))
        asked = self.planned["request"]
        request = WindowRequest(
            **{name: asked[name] for name in ("window", "events", "seed", "shards", "volume_shape")},
            from_step=self.planned["from_step"],
            replay=order,
            amend=bool(self.planned.get("amends")),
            rules=self.planned.get("rules"),
        )
        self._handing = handed_to(self.planned.get("played_by"))
        self._note = f"Played again from {request.from_step} by {order['by']}: {order['why']}"
        first = is_first_attempt(ti.try_number, ti.max_tries, self.retries or 0)
        self.start_and_defer(context, request, requester_of(ti), first, self._handing)

    def started(self) -> None:
        if self._handing is None:
            return
        try:
            let_go(self._handing["dag_id"], self._handing["run_id"], self._note)
        except Exception as error:
            # The window is played all the same; only the page of its own run lags behind.
            self.log.warning("%s was not cleared: %s", self._handing["run_id"], error)


def parallel_of(context: Context) -> int:
    """How many windows of the run are played side by side."""
    return int((context.get("params") or {}).get("parallel") or WINDOWS_AT_ONCE)


def order_of(run: Any, reason: str | None) -> ReplayOrder:
    who = f"Airflow user {run.triggering_user_name}" if run.triggering_user_name else "Airflow"
    return replay_order(f"{who}, {run.dag_id} {run.run_id}", reason)


def scope_of(scope: Mapping[str, Any]) -> dict[str, Any]:
    """`contracts/replay-plan.ts`: ReplayScope.

    :raises ValueError: when it names no windows
    """
    first, last = (_window_start(scope.get(name), name) for name in ("from", "to"))
    if last < first:
        raise ValueError(f"the last window, {scope['to']}, lies before the first, {scope['from']}")
    if last - first >= MOST_WINDOWS * WINDOW:
        raise ValueError(f"that is more than {MOST_WINDOWS} windows; cut the range")
    step, quarantined = scope.get("from_step"), bool(scope.get("quarantined"))
    if quarantined and step:
        raise ValueError("quarantined records are put through from ingest on: leave from_step out")
    code = scope.get("reason_code")
    if code and not quarantined:
        raise ValueError("reason_code is about quarantined records: say quarantined as well")
    return {
        "from": window_id(first, first + WINDOW),
        "to": window_id(last, last + WINDOW),
        # Whatever became of a window, its records may be judged otherwise today.
        "failed": bool(scope.get("failed")) and not quarantined,
        **({"from_step": step} if step else {}),
        **({"quarantined": {"reason_code": code} if code else {}} if quarantined else {}),
    }


def _window_start(text: Any, name: str) -> datetime:
    try:
        instant = datetime.fromisoformat(str(text))
    except ValueError:
        raise ValueError(
            f"{name} must be the start of a window, like 2026-01-05T08:00Z, not {text}"
        ) from None
    return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)


def handed_to(played_by: Mapping[str, str] | None) -> dict[str, Any] | None:
    """The ended DAG run that shows the window, and how often it will have been cleared then; None: none."""
    if played_by is None:
        return None
    run = ended_run(played_by["dag_id"], played_by["run_id"])
    if run is None:
        return None
    return {**played_by, "clear_number": (run.clear_number or 0) + 1}


def ended_run(dag_id: str, run_id: str) -> Any:
    """The DAG run as the API server knows it; None when it is not there, or has not ended."""
    from airflow.sdk.execution_time.comms import GetDagRun
    from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS, RuntimeTaskInstance

    there = RuntimeTaskInstance.get_dr_count(dag_id, run_ids=[run_id], states=["success", "failed"])
    return SUPERVISOR_COMMS.send(GetDagRun(dag_id=dag_id, run_id=run_id)) if there else None


def let_go(dag_id: str, run_id: str, note: str) -> None:
    """What TriggerDagRunOperator does with `reset_dag_run`: the run is there, so it is cleared."""
    from airflow.sdk.execution_time.comms import TriggerDagRun
    from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS

    SUPERVISOR_COMMS.send(
        TriggerDagRun(
            dag_id=dag_id, run_id=run_id, conf=None, logical_date=None, reset_dag_run=True, note=note
        )
    )
