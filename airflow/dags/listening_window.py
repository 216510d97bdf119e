"""One DAG run a window: hourly, over the events that arrived in that hour.

The work is done by the Temporal workflow `window/<start>`; this DAG says which windows there are, and shows
how they ended.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime

from airflow.sdk import DAG, Param
from reprise_schedule.timetable import BoundedCatchupTimetable

from reprise_temporal.operator import WindowWorkflowOperator
from reprise_temporal.window import SOURCES

CATCHUP_WINDOWS = 24

DOCS = f"""
### Listening windows

Each run is one window: the hour `[data_interval_start, data_interval_end)`, UTC. Its task starts the Temporal
workflow `window/<start>` (generate, publish, ingest, reconcile, compact, load, build, publish serving) and
waits in the triggerer. An hour that the live stream has filled is closed: counted in the topic instead of
generated, waited for instead of ingested; the other steps are the same.

| you want to | do |
| --- | --- |
| see the steps | *Temporal workflow* on the task's page |
| replay a window | clear the task; the result is identical |
| replay a range, or from a step | the DAG `replay_windows`, or `reprise replay` |
| stop a window | mark the task failed, or clear it: the workflow is cancelled |
| run a past window | `reprise run --start 2026-01-05T08:00Z`, or a backfill over the dates |
| change how much is generated | trigger a run with `events`, `volume_shape`, `seed` and `shards` |

After a pause the schedule catches up with the last {CATCHUP_WINDOWS} windows. A window whose workflow failed
is not tried again by Airflow: Temporal has already repeated what can be repeated.
"""


def first_window() -> datetime | None:
    """The hour in which the installation was made, so that it has no past to catch up with."""
    first = os.environ.get("REPRISE_SCHEDULE_FROM")
    return datetime.strptime(first, "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC) if first else None


with DAG(
    dag_id="listening_window",
    description="Runs one hour of listening events through the lake to the dashboard.",
    schedule=BoundedCatchupTimetable("0 * * * *", catchup_intervals=CATCHUP_WINDOWS, first=first_window()),
    # Not the schedule's beginning (that is `first`): Airflow gives a run before this date no tasks and calls
    # it a success, and any past hour may be asked for by hand.
    start_date=datetime(2000, 1, 1, tzinfo=UTC),
    catchup=True,
    # Two Spark jobs side by side are what a small machine's memory bears.
    max_active_runs=2,
    is_paused_upon_creation=False,
    params={
        "events": Param(
            None,
            type=["null", "integer"],
            minimum=0,
            maximum=50_000_000,
            title="Events",
            description="Records in the window, planted defects included; empty: the installation's default.",
        ),
        "volume_shape": Param(
            None,
            type=["null", "string"],
            enum=[None, "flat", "diurnal"],
            title="Volume shape",
            description="flat: exactly so many events in each window; diurnal: days and nights, events is "
            "the mean hour of a week; empty: the installation's default, diurnal unless it was changed.",
        ),
        "seed": Param(
            None,
            type=["null", "integer"],
            minimum=0,
            title="Seed",
            description="The same seed gives the same events; empty: the installation's default.",
        ),
        "shards": Param(
            None,
            type=["null", "integer"],
            minimum=1,
            maximum=1024,
            title="Shards",
            description="Slices generated and published side by side; empty: the installation's default.",
        ),
        "source": Param(
            "auto",
            type=["null", "string"],
            enum=[None, *SOURCES],
            title="Source",
            description="auto: an hour in which records arrived by themselves is closed with what it holds, "
            "every other one is generated; live and generated insist on it.",
        ),
    },
    doc_md=DOCS,
    tags=["reprise"],
) as dag:
    WindowWorkflowOperator(task_id="run_window", doc_md="Starts the window's workflow and waits for its end.")
