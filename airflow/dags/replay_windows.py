"""Plays windows again that a person chooses: a range, only the failed ones of it, whole or from a step.

Each window keeps its bounds and what it was last asked to be. The plan is made by Reprise's workers, the same
that `npx reprise replay` makes; each window is one mapped task that waits for its Temporal workflow.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime

from airflow.sdk import DAG, Param

from reprise_temporal.replay import WINDOWS_AT_ONCE, PlanReplayOperator, ReplayWindowOperator
from reprise_temporal.window import QUARANTINE_REASONS, STEPS

# What the installation allows (config/config.ts); a run says how many of these it wants.
MOST_AT_ONCE = int(os.environ.get("REPRISE_REPLAYS_AT_ONCE") or 4)

DOCS = """
### Play windows again

Trigger it with the first and the last window (both are played), and say whether only those that failed, were
cancelled or never ran. Without a step, a failed window begins at the first one whose result does not stand,
any other at the beginning; steps before a named one are kept. A window that cannot be played fails with
the reason, and the others are played.

With *Quarantined records* those windows are played of which the rules of today judge records otherwise, and
their ledgers are amended: for use after a rule was mended (or taken back) and `npx reprise up`.

The run of `listening_window` that a window belongs to is cleared and ends as the replay ends. A window that
is running is joined when it does what is asked for; with other settings, or from a later step on, the task
fails and says so.

Every replay is recorded with who, why, and how the window stood before and after: `reprise report <window>`.
`npx reprise replay --dry-run` shows beforehand what would be played.
"""

with DAG(
    dag_id="replay_windows",
    description="Plays windows again: a range, only the failed ones, whole or from a step.",
    schedule=None,
    start_date=datetime(2000, 1, 1, tzinfo=UTC),
    is_paused_upon_creation=False,
    params={
        "from": Param(
            type="string",
            format="date-time",
            title="First window",
            description="Its start, a full hour, UTC.",
        ),
        "to": Param(
            type="string", format="date-time", title="Last window", description="Its start; it is played too."
        ),
        "failed": Param(
            True,
            type="boolean",
            title="Failed ones only",
            description="Only windows that failed, were cancelled or never ran.",
        ),
        "from_step": Param(
            None,
            type=["null", "string"],
            enum=[None, *STEPS],
            title="From step",
            description="Empty: where it failed, or from the beginning.",
        ),
        "quarantined": Param(
            False,
            type="boolean",
            title="Quarantined records",
            description="Put them through again by the rules of today, whether or not the window failed.",
        ),
        "reason_code": Param(
            None,
            type=["null", "string"],
            enum=[None, *QUARANTINE_REASONS],
            title="Quarantined as",
            description="Only windows in which records of this reason change sides. Empty: of any.",
        ),
        "parallel": Param(
            min(WINDOWS_AT_ONCE, MOST_AT_ONCE),
            type="integer",
            minimum=1,
            maximum=MOST_AT_ONCE,
            title="Windows at a time",
            description="The oldest first. How many there may be is a setting of the installation.",
        ),
        "reason": Param(
            None,
            type=["null", "string"],
            maxLength=500,
            title="Reason",
            description="Why, for the record.",
        ),
    },
    doc_md=DOCS,
    tags=["reprise"],
) as dag:
    plan = PlanReplayOperator(task_id="plan", doc_md="Finds the windows to play.")
    ReplayWindowOperator.partial(
        task_id="replay_window",
        max_active_tis_per_dag=MOST_AT_ONCE,
        map_index_template="{{ task.planned['window'] }}",
        doc_md="Plays one window again and waits for its end.",
    ).expand(planned=plan.output)
