"""Runs one window: starts its Temporal workflow, defers, and reports how it ended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException

from reprise_temporal.hook import TemporalHook, WorkflowRef
from reprise_temporal.link import TemporalWorkflowLink
from reprise_temporal.outcome import Outcome
from reprise_temporal.settings import TemporalSettings, WindowDefaults
from reprise_temporal.trigger import KILL_WAIT, WindowWorkflowTrigger
from reprise_temporal.window import ReplayOrder, Requester, WindowRequest, replay_order, window_request

if TYPE_CHECKING:
    from airflow.sdk import Context

# So begins the note that a replay leaves on the run that it clears (cli/replay-windows.ts).
OUR_NOTE = "Played again from "

# How long the scheduler may take to book the end of the deferring process; see WindowWorkflowTrigger.
RESUME_AFTER_S = 6.0


class WindowWorkflowOperator(BaseOperator):
    """Airflow keeps the calendar; Temporal owns execution, retries and cancellation inside the window.

    A workflow that failed is final: the task fails without another try. Airflow's own `retries` serve only
    what happens around the workflow (Temporal not reachable, a lost worker process), and such a retry adopts
    the workflow that is there. Clearing the task replays the window; clearing or marking it while it waits
    cancels the workflow.
    """

    operator_extra_links = (TemporalWorkflowLink(),)
    ui_color = "#b9e3c6"

    def __init__(self, *, retries: int = 2, retry_delay: timedelta = timedelta(seconds=15), **kwargs: Any):
        super().__init__(retries=retries, retry_delay=retry_delay, **kwargs)
        self._started: WorkflowRef | None = None

    def execute(self, context: Context) -> NoReturn:
        ti = context["ti"]
        run = context["dag_run"]
        try:
            before: WindowDefaults | None = None
            defaults = WindowDefaults.read()
            params = context.get("params") or {}
            request = window_request(run.data_interval_start, run.data_interval_end, params, defaults)
            if ti.try_number > 1 or run.run_type == "backfill":
                # Whoever plays a window again means the window that it was, and not today's defaults.
                before = asyncio.run(asked_before(request.window, run.run_id))
                request = window_request(
                    run.data_interval_start, run.data_interval_end, params, before or defaults
                )
        except ValueError as error:
            raise AirflowFailException(str(error)) from None
        first = is_first_attempt(ti.try_number, ti.max_tries, self.retries or 0)
        if first and run.run_type == "backfill" and (before or ti.try_number > 1):
            request = replace(request, replay=order_of_backfill(run, ti.try_number))
        elif first and ti.try_number > 1:
            request = replace(request, replay=order_of_clear(run))
        self.start_and_defer(context, request, requester_of(ti), first)

    def start_and_defer(
        self,
        context: Context,
        request: WindowRequest,
        requester: Requester,
        first: bool,
        handed_to: dict[str, Any] | None = None,
    ) -> NoReturn:
        settings = TemporalSettings.read()
        ti = context["ti"]
        ref = asyncio.run(
            TemporalHook(settings).start_window(
                request,
                requester,
                first_attempt=first,
                clear_number=context["dag_run"].clear_number,
                handed_to=handed_to,
            )
        )
        self._started = ref
        self.started()
        url = settings.workflow_url(ref.workflow_id, ref.run_id)
        self.log.info("%s: %s", ref.workflow_id, url)
        ti.xcom_push(key=self.operator_extra_links[0].xcom_key, value=url)
        self.defer(
            trigger=WindowWorkflowTrigger(
                address=settings.address,
                namespace=settings.namespace,
                ui_url=settings.ui_url,
                workflow_id=ref.workflow_id,
                run_id=ref.run_id,
                resume_after=time.time() + RESUME_AFTER_S,
            ),
            method_name="execute_complete",
        )

    def started(self) -> None:
        """Between the start of the workflow and the wait for it."""

    def execute_complete(self, context: Context, event: dict[str, Any] | str) -> None:
        """Called with the payload of a workflow that did not complete.

        `airflow dags test` runs the trigger in line and comes here after a success too, with the bare state.
        """
        if isinstance(event, str):
            return
        raise AirflowFailException(Outcome(**event).line())

    def on_kill(self) -> None:
        """The task is stopped while still on a worker, between the start of the workflow and deferring."""
        if self._started is not None:
            asyncio.run(TemporalHook(TemporalSettings.read()).cancel(self._started, wait=KILL_WAIT))


async def asked_before(window: str, run_id: str) -> WindowDefaults | None:
    """What the window was last asked to be; None when it never ran."""
    scope = {"from": window, "to": window, "failed": False}
    planned = await TemporalHook(TemporalSettings.read()).plan(scope, f"replay-plan/{run_id}/{window}")
    asked = planned[0]["request"] if planned else None
    if asked is None:
        return None
    return WindowDefaults(**{name: asked[name] for name in ("events", "seed", "shards", "volume_shape")})


def requester_of(ti: Any) -> Requester:
    return Requester(dag_id=ti.dag_id, run_id=ti.run_id, task_id=ti.task_id, try_number=ti.try_number)


def order_of_clear(run: Any) -> ReplayOrder:
    """Airflow tells a task neither who has cleared it (its audit log does) nor why, but for the note."""
    return replay_order(f"Airflow, the task of {run.run_id} was cleared", note_of(run))


def order_of_backfill(run: Any, try_number: int) -> ReplayOrder:
    """A run that the backfill has made knows its user; one that it plays again keeps an older name."""
    user = run.triggering_user_name if try_number == 1 else None
    return replay_order(f"Airflow user {user} (backfill)" if user else "airflow (backfill)", note_of(run))


def note_of(run: Any) -> str | None:
    """Not one that a replay has left."""
    return None if not run.note or run.note.startswith(OUR_NOTE) else f"the run's note: {run.note}"


def is_first_attempt(try_number: int, max_tries: int | None, retries: int) -> bool:
    """Whether a person or the schedule asked for this try, and not Airflow's own retrying.

    Clearing a task moves `max_tries` to the tries made so far plus `retries`, so their difference is where
    its present life began.
    """
    return try_number <= (retries if max_tries is None else max_tries) - retries + 1


__all__: Sequence[str] = ("WindowWorkflowOperator", "is_first_attempt", "requester_of")
