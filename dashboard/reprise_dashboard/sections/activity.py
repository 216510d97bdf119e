"""Charts over time."""

import pandas as pd
import streamlit as st

from reprise_dashboard.card import card
from reprise_dashboard.charts import activity as charts
from reprise_dashboard.period import Period
from reprise_dashboard.queries.activity import FEWEST_FOR_A_RATE


def _grain(period: Period) -> str:
    return "hour" if period.hourly else "day"


def playbacks(trend: pd.DataFrame, period: Period) -> None:
    grain = _grain(period)
    with card(
        f"Plays and skips per {grain}",
        f"playbacks per {grain}, UTC",
        f"Each playback ends as a play or as a skip and counts in the {grain} in which it ended.",
        legend=[("plays", 0), ("skips", 1)],
    ):
        st.altair_chart(
            charts.playbacks(trend, period.hourly), alt=f"Plays and skips per {grain}, {period.label()}"
        )


def skip_rate(trend: pd.DataFrame, period: Period) -> None:
    grain, span = _grain(period), "24 hours" if period.hourly else "7 days"
    with card(
        "Skip rate trend",
        f"skips ÷ playbacks; dots: one {grain}, line: the {span} up to it",
        f"The line divides all skips of the last {span} by all their playbacks, so that quiet hours weigh "
        f"little; a {grain} with fewer than {FEWEST_FOR_A_RATE} playbacks is not drawn. "
        "A larger dot stands for more playbacks. The axis does not start at zero.",
    ):
        drawn = trend[trend["playbacks"] >= FEWEST_FOR_A_RATE]
        if drawn.empty:
            st.caption(f"No {grain} has the {FEWEST_FOR_A_RATE} playbacks that a rate needs.")
        else:
            st.altair_chart(charts.skip_rate(drawn, period.hourly), alt=f"Skip rate, {period.label()}")


def listeners(trend: pd.DataFrame, period: Period) -> None:
    grain = _grain(period)
    with card(
        f"Listeners per {grain}",
        f"distinct listeners per {grain}, UTC",
        "Distinct listeners with at least one event in the hour. They cannot be added up: who listens "
        "in two hours is in both."
        if period.hourly
        else "Distinct listeners whose session began that day. They cannot be added up: who returns "
        "the next day is in both.",
    ):
        st.altair_chart(
            charts.listeners(trend, period.hourly), alt=f"Listeners per {grain}, {period.label()}"
        )
