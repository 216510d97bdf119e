"""Where the seconds of a window go."""

import altair as alt
import pandas as pd

from reprise_dashboard.reports.model import STEPS


def step_durations(frame: pd.DataFrame) -> alt.Chart:
    """A bar a window, newest on top, its steps in their order."""
    windows = frame["window"].drop_duplicates().tolist()
    chart: alt.Chart = (
        alt.Chart(frame)
        .mark_bar(height={"band": 0.72})
        .encode(
            x=alt.X(
                "seconds:Q",
                stack="zero",
                axis=alt.Axis(title=None, tickCount=6, labelExpr="datum.label + ' s'", domain=False),
            ),
            y=alt.Y(
                "window:N", sort=windows, axis=alt.Axis(title=None, ticks=False, domain=False, labelLimit=180)
            ),
            color=alt.Color(
                "step:N",
                scale=alt.Scale(domain=list(STEPS)),
                legend=None,
            ),
            order=alt.Order("place:Q"),
            tooltip=[
                alt.Tooltip("window:N", title="Window"),
                alt.Tooltip("step:N", title="Step"),
                alt.Tooltip("seconds:Q", title="Seconds", format=".1f"),
                alt.Tooltip("attempts:Q", title="Attempts"),
            ],
        )
        .properties(height=50 + 26 * len(windows))
    )
    return chart
