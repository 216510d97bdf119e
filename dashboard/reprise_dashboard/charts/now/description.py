"""Charts that are described once and fed with new rows from then on.

With a description that does not change, the browser moves the marks in place: no chart is built anew.
Each mark has a place of its own (`slot`) that it keeps from one feeding to the next: otherwise Vega would lay
thousands of dead marks aside before it forgets them, and a page that stays open would grow by megabytes a
minute. A line has no such places, so what looks like one is a row of short ones. For the same reason nothing
is calculated in the browser: Vega remembers, for good, each row of which it made another.
"""

from typing import Any

import altair as alt
import pandas as pd

Spec = dict[str, Any]

# A stream that has just begun has seconds to show and no minutes.
_CLOCK = "utcFormat(datum.value, utcseconds(datum.value) == 0 ? '%H:%M' : '%H:%M:%S')"

# The rows are handed over beside the description, under this name.
_ROWS = alt.NamedData(name="rows")


def chart() -> alt.Chart:
    # What is pointed at is said by `pointed_at` alone.
    keyed: alt.Chart = alt.Chart(_ROWS).encode(key=alt.Key("slot:Q"), tooltip=alt.value(None))
    return keyed


def described(layers: list[alt.Chart], height: int) -> Spec:
    with alt.theme.enable("none"):
        # The card names the colours.
        spec: Spec = (
            alt.LayerChart(layer=layers, data=_ROWS, height=height).configure_legend(disable=True).to_dict()
        )
    # Instants come as numbers, and are no text to be parsed.
    spec["data"]["format"] = {"type": "json", "parse": None}
    # Thousands of short lines every two seconds are too much for a tree of elements.
    return {**spec, "usermeta": {"embedOptions": {"renderer": "canvas"}}}


def with_rows(spec: Spec, rows: pd.DataFrame) -> Spec:
    # What has no colour cannot be pointed at.
    subject = spec["layer"][-1]["encoding"]["color"]["scale"]["domain"][0]
    return {**spec, "datasets": {"rows": rows.assign(slot=range(len(rows)), subject=subject)}}


def time(field: str) -> alt.X:
    return alt.X(
        f"{field}:T",
        scale=alt.Scale(type="utc", nice=False),
        axis=alt.Axis(
            title=None, grid=False, labelOverlap=True, tickCount=8, labelFlush=True, labelExpr=_CLOCK
        ),
    )


def amount(field: str, unit: str = "") -> alt.Y:
    # A fixed width for the labels: the picture stays where it is when a digit more is needed.
    return alt.Y(
        f"{field}:Q",
        stack=None,
        axis=alt.Axis(
            title=None, tickCount=4, minExtent=46, labelExpr=f"format(datum.value, ',') + '{unit}'"
        ),
    )


def pointed_at(since: str, until: str, subjects: list[str], tooltip: list[alt.Tooltip]) -> alt.Chart:
    """Invisible columns to point at, over all that is drawn; those of `hover` suffice.

    They also put the subjects, which the other layers name, into the order of the theme's colours.
    """
    columns: alt.Chart = (
        chart()
        .transform_filter("datum.hover")
        # Vega looks through what has no opacity at all.
        .mark_rect(opacity=0.001, aria=False)
        .encode(
            x=time(since),
            x2=f"{until}:T",
            color=alt.Color("subject:N", scale=alt.Scale(domain=subjects)),
            tooltip=tooltip,
        )
    )
    return columns


def in_colour(subject: str, place: int) -> list[str]:
    """Subjects for a chart of one, in the theme's colour at a place of its own."""
    return [*(f"other {n}" for n in range(place)), subject]
