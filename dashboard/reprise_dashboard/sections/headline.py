"""The row of key figures, each against the period before."""

import pandas as pd
import streamlit as st

from reprise_dashboard import formatting
from reprise_dashboard.period import Period
from reprise_dashboard.queries import activity
from reprise_dashboard.snapshot import Snapshot, ask

# Late events are about one in a hundred; a tenth leaves room for a real jump.
STRAY_SHARE = 0.1

_HOWS = {
    "Playbacks": (
        "Tracks that were started: plays (heard out, or stopped in the last tenth) plus skips. "
        "Late events count in the hour in which they happened."
    ),
    "Listening time": "Sum of the time that tracks sounded, pauses not counted.",
    "Listeners": "Distinct pseudonymous listeners with a session that began in the period.",
    "Skip rate": "Skips divided by playbacks. The change is in percentage points.",
    "Sessions": "Sessions that began in the period: one listener, no gap above 30 minutes.",
}


def headline(snapshot: Snapshot, period: Period, trend: pd.DataFrame) -> None:
    now = ask(snapshot, activity.totals, period.first, period.last).iloc[0]
    earlier = period.before()
    before = ask(snapshot, activity.totals, earlier.first, earlier.last).iloc[0]
    # A period that the data covers in part only is no comparison: about as many active hours are asked for,
    # and more than the late events that reach back into a day whose own windows never ran.
    covered = before.hours_with_activity >= 0.8 * now.hours_with_activity
    comparable = covered and before.playbacks >= STRAY_SHARE * now.playbacks
    figures = [
        (
            "Playbacks",
            formatting.count(now.playbacks),
            formatting.change(now.playbacks, before.playbacks),
            "playbacks",
        ),
        (
            "Listening time",
            formatting.hours(now.ms_played),
            formatting.change(now.ms_played, before.ms_played),
            "ms_played",
        ),
        (
            "Listeners",
            formatting.count(now.listeners),
            formatting.change(now.listeners, before.listeners),
            "listeners",
        ),
        (
            "Skip rate",
            formatting.percent(now.skip_rate),
            formatting.points(now.skip_rate, before.skip_rate),
            "skip_rate",
        ),
        (
            "Sessions",
            formatting.count(now.sessions),
            formatting.change(now.sessions, before.sessions),
            "sessions",
        ),
    ]
    with st.container(horizontal=True, gap="small", key="figures"):
        for label, value, change, column in figures:
            spark = trend[column].dropna().tolist()
            st.metric(
                label,
                value,
                delta=change if comparable else None,
                delta_color="off",
                delta_arrow="off",
                delta_description="vs before" if comparable and change else None,
                help=_HOWS[label],
                border=True,
                chart_data=spark if len(spark) > 2 else None,
                chart_type="line",
            )
