"""Window reports as tables for charts: pure, a row a fact."""

from collections.abc import Sequence

import pandas as pd

from reprise_dashboard.reports.model import STEPS, WindowReport


def step_durations(reports: Sequence[WindowReport]) -> pd.DataFrame:
    """`window`, `step`, `place` (of the step, from 0), `seconds`, `attempts`: of each step that has ended."""
    rows = [
        {
            "window": report.window,
            "step": step.name,
            "place": STEPS.index(step.name) if step.name in STEPS else len(STEPS),
            "seconds": step.seconds,
            "attempts": step.attempts,
        }
        for report in reports
        for step in report.steps
        if step.seconds is not None
    ]
    return pd.DataFrame(rows, columns=["window", "step", "place", "seconds", "attempts"])


def median_seconds(reports: Sequence[WindowReport]) -> float | None:
    """Of the windows that completed."""
    known = [one.seconds for one in reports if one.state == "completed" and one.seconds is not None]
    return float(pd.Series(known).median()) if known else None
