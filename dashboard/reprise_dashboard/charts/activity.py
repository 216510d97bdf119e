"""Playbacks, skip rate and listeners over time."""

import altair as alt
import pandas as pd

from reprise_dashboard.charts.time_axis import time_axis, timed

_HEIGHT = 240
# One colour a subject on every chart: the theme's first, second and third.
_SUBJECTS = ["Plays", "Skips", "Listeners"]


def _subject() -> alt.Color:
    # The card names the colours: its legend wraps on a phone, Vega's does not.
    return alt.Color("subject:N", scale=alt.Scale(domain=_SUBJECTS), legend=None)


def playbacks(frame: pd.DataFrame, hourly: bool) -> alt.Chart:
    """Plays with skips on top of them: the height is all playbacks."""
    base = timed(frame, hourly)
    plays = base.assign(subject="Plays", low=0, high=base["plays"])
    skips = base.assign(subject="Skips", low=base["plays"], high=base["plays"] + base["skips"])
    stacked = pd.concat([plays, skips])[
        ["bucket", "until", "when", "subject", "low", "high", "plays", "skips", "skip_rate"]
    ]
    chart: alt.Chart = (
        alt.Chart(stacked)
        .mark_bar()
        .encode(
            x=time_axis(),
            x2="until:T",
            y=alt.Y("low:Q", axis=alt.Axis(title=None, tickCount=4, format=",d")),
            y2="high:Q",
            color=_subject(),
            tooltip=[
                alt.Tooltip("when:N", title="From"),
                alt.Tooltip("plays:Q", title="Plays", format=","),
                alt.Tooltip("skips:Q", title="Skips", format=","),
                alt.Tooltip("skip_rate:Q", title="Skip rate", format=".1%"),
            ],
        )
        .properties(height=_HEIGHT)
    )
    return chart


def skip_rate(frame: pd.DataFrame, hourly: bool) -> alt.LayerChart:
    """The bucket's own rate as dots, the trailing rate as the line to follow."""
    trend = "skip_rate_24h" if hourly else "skip_rate_7d"
    label = "Last 24 hours" if hourly else "Last 7 days"
    base = timed(frame, hourly)[["middle", "bucket", "when", "skip_rate", "playbacks", trend]].assign(
        subject="Skips"
    )
    tooltip = [
        alt.Tooltip("when:N", title="From"),
        alt.Tooltip("skip_rate:Q", title="Skip rate", format=".1%"),
        alt.Tooltip(f"{trend}:Q", title=label, format=".1%"),
        alt.Tooltip("playbacks:Q", title="Playbacks", format=","),
    ]
    rate = alt.Axis(title=None, tickCount=4, format=".0%")
    colour = _subject()
    dots = (
        alt.Chart(base)
        .mark_circle(opacity=0.45)
        .encode(
            x=time_axis("middle"),
            y=alt.Y("skip_rate:Q", scale=alt.Scale(zero=False, nice=True), axis=rate),
            size=alt.Size("playbacks:Q", legend=None, scale=alt.Scale(range=[14, 70])),
            color=colour,
            tooltip=tooltip,
        )
    )
    line = (
        alt.Chart(base)
        .mark_line(strokeWidth=2.5)
        .encode(x=time_axis("middle"), y=alt.Y(f"{trend}:Q", axis=rate), color=colour, tooltip=tooltip)
    )
    return alt.LayerChart(layer=[dots, line], height=_HEIGHT)


def listeners(frame: pd.DataFrame, hourly: bool) -> alt.Chart:
    base = timed(frame, hourly)[["bucket", "until", "when", "listeners", "sessions"]]
    chart: alt.Chart = (
        alt.Chart(base.assign(zero=0, subject="Listeners"))
        .mark_bar()
        .encode(
            x=time_axis(),
            x2="until:T",
            y=alt.Y("zero:Q", axis=alt.Axis(title=None, tickCount=4, format=",d")),
            y2="listeners:Q",
            color=_subject(),
            tooltip=[
                alt.Tooltip("when:N", title="From"),
                alt.Tooltip("listeners:Q", title="Listeners", format=","),
                alt.Tooltip("sessions:Q", title="Sessions", format=","),
            ],
        )
        .properties(height=_HEIGHT)
    )
    return chart
