"""Plays, skips, likes and listeners by minute, the provisional minutes pale on grey."""

from functools import cache
from typing import Any

import altair as alt
import pandas as pd

from reprise_dashboard.charts.now.description import (
    Spec,
    amount,
    chart,
    described,
    in_colour,
    pointed_at,
    time,
)

_PALE = 0.45
_MINUTE = pd.Timedelta(minutes=1)


def _opacity() -> Any:
    return alt.condition("datum.provisional", alt.value(_PALE), alt.value(1))


def _band() -> alt.Chart:
    """Behind the minutes that may still change."""
    band: alt.Chart = (
        chart()
        .transform_filter("datum.band_until")
        .mark_rect(color="#8a949e", opacity=0.12, aria=False)
        .encode(x=time("minute"), x2="band_until:T")
    )
    return band


def _bars(low: str, high: str) -> alt.Chart:
    bars: alt.Chart = (
        chart()
        .mark_bar(aria=False)
        .encode(
            x=time("minute"),
            x2="until:T",
            y=amount(low),
            y2=f"{high}:Q",
            color=alt.ColorDatum(high),
            opacity=_opacity(),
        )
    )
    return bars


def _pointed_at(subjects: list[str], tooltip: list[alt.Tooltip]) -> alt.Chart:
    about = [alt.Tooltip("when:N", title="Minute"), *tooltip, alt.Tooltip("state:N", title="Count")]
    return pointed_at("minute", "until", subjects, about)


@cache
def playbacks() -> Spec:
    """Plays with skips on top of them: the height is all playbacks."""
    tooltip = [
        alt.Tooltip("plays:Q", title="Plays", format=","),
        alt.Tooltip("skips:Q", title="Skips", format=","),
        alt.Tooltip("skip_rate:Q", title="Skip rate", format=".1%"),
    ]
    bars = [_bars("zero", "plays"), _bars("plays", "playbacks")]
    return described([_band(), *bars, _pointed_at(["plays", "playbacks"], tooltip)], 240)


@cache
def one_figure(field: str, title: str, hue: int) -> Spec:
    tooltip = [alt.Tooltip(f"{field}:Q", title=title, format=",")]
    return described([_band(), _bars("zero", field), _pointed_at(in_colour(field, hue), tooltip)], 170)


def minute_rows(minutes: pd.DataFrame) -> pd.DataFrame:
    """For all charts by minute: `until` is a hair before the end of the minute; the first provisional minute
    has the end of the last one as `band_until`."""
    playbacks = minutes["plays"] + minutes["skips"]
    begins = minutes["minute"].astype("datetime64[ms, UTC]")
    first_provisional = minutes["provisional"] & ~minutes["provisional"].shift(fill_value=False)
    return minutes.assign(
        minute=begins,
        band_until=begins.where(~first_provisional, begins.iloc[-1] + _MINUTE).where(first_provisional),
        until=begins + pd.Timedelta(seconds=52),
        when=begins.dt.strftime("%H:%M UTC"),
        state=minutes["provisional"].map({True: "provisional", False: "final"}),
        zero=0,
        hover=True,
        playbacks=playbacks,
        skip_rate=minutes["skips"] / playbacks.where(playbacks > 0),
    )
