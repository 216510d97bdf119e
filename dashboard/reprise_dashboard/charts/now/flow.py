"""How the stream flows: pace, delay, lag."""

from functools import cache

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

# Of a quarter of an hour of batches, so many can be pointed at with a mouse.
_HOVERED = 90


def _columns(since: str, figure: str) -> alt.Chart:
    columns: alt.Chart = (
        chart()
        .mark_bar(aria=False)
        .encode(x=time(since), x2="until:T", y=amount("zero"), y2=f"{figure}:Q", color=alt.ColorDatum(figure))
    )
    return columns


def _when(instants: pd.Series) -> pd.Series:
    said: pd.Series = instants.dt.strftime("%H:%M:%S UTC")
    return said


def _with_next(batches: pd.DataFrame) -> pd.DataFrame:
    """`until`: when the next batch came. Some rows are columns to point at, as wide as they need be."""
    every = max(1, -(-len(batches) // _HOVERED))
    following = batches["now_at"].shift(-1)
    return batches.assign(
        when=_when(batches["now_at"]),
        zero=0,
        until=following.fillna(batches["now_at"]),
        hover=[place % every == 0 for place in range(len(batches))],
        hover_until=batches["now_at"].shift(-every).fillna(batches["now_at"].max()),
    )


@cache
def pace() -> Spec:
    tooltip = [
        alt.Tooltip("when:N", title="From"),
        alt.Tooltip("per_second:Q", title="Records a second", format=",.0f"),
    ]
    return described(
        [_columns("at", "per_second"), pointed_at("at", "next", in_colour("per_second", 0), tooltip)], 190
    )


def pace_rows(steps: pd.DataFrame) -> pd.DataFrame:
    return steps.assign(
        when=_when(steps["at"]),
        hover=True,
        zero=0,
        next=steps["until"],
        until=steps["until"] - (steps["until"] - steps["at"]) * 0.12,
    )


DELAYS = ["p50", "p95", "slowest", "p95 to the lake"]
_DELAY_FIELDS = ["p50_s", "p95_s", "drawn_max", "lake_s"]


@cache
def delay() -> Spec:
    tooltip = [
        alt.Tooltip("when:N", title="Batch of"),
        alt.Tooltip("p50_s:Q", title="p50, seconds", format=".2f"),
        alt.Tooltip("p95_s:Q", title="p95, seconds", format=".2f"),
        alt.Tooltip("max_s:Q", title="Slowest, seconds", format=".2f"),
        alt.Tooltip("lake_s:Q", title="p95 to the lake, seconds", format=".2f"),
        alt.Tooltip("records:Q", title="Records", format=","),
    ]
    p50, p95, slowest, lake = [
        chart()
        .mark_rule(strokeWidth=1 if field == "drawn_max" else 2, strokeCap="round", aria=False)
        .encode(
            x=time("now_at"),
            x2="until:T",
            y=amount(field, " s"),
            y2=f"{field}_next:Q",
            color=alt.ColorDatum(name),
        )
        for field, name in zip(_DELAY_FIELDS, DELAYS, strict=True)
    ]
    # Slowest first: the others are drawn over it.
    return described([slowest, p50, p95, lake, pointed_at("now_at", "hover_until", DELAYS, tooltip)], 190)


def delay_rows(batches: pd.DataFrame) -> pd.DataFrame:
    """One record with a clock of its own must not flatten the rest: `drawn_max` ends at three times the
    largest of the other figures; the tooltip says the true one."""
    roof = 3 * batches[["p95_s", "lake_s"]].max().max()
    rows = _with_next(batches).assign(drawn_max=batches["max_s"].clip(upper=roof))
    # The last one has none to lead to, and so is a point.
    following = {f"{field}_next": rows[field].shift(-1).fillna(rows[field]) for field in _DELAY_FIELDS}
    return rows.assign(**following)[
        [
            "now_at",
            "until",
            "when",
            *_DELAY_FIELDS,
            *following,
            "max_s",
            "records",
            "hover",
            "hover_until",
        ]
    ]


@cache
def lag() -> Spec:
    tooltip = [
        alt.Tooltip("when:N", title="After the batch of"),
        alt.Tooltip("lag:Q", title="Records", format=","),
    ]
    return described(
        [_columns("now_at", "lag"), pointed_at("now_at", "hover_until", in_colour("lag", 1), tooltip)], 150
    )


def lag_rows(batches: pd.DataFrame) -> pd.DataFrame:
    return _with_next(batches.dropna(subset=["lag"]))[
        ["now_at", "until", "when", "zero", "lag", "hover", "hover_until"]
    ]
