"""Plays, skips, likes and listeners by minute, of everyone or of a part."""

import pandas as pd
import streamlit as st

from reprise_dashboard.card import card
from reprise_dashboard.charts.now import by_minute as charts
from reprise_dashboard.charts.now.description import with_rows
from reprise_dashboard.live.picture import CHART_MINUTES, Picture
from reprise_dashboard.queries.now.minutes import EVERYONE, Scope

_KEY = "listening"
_PROVISIONAL = "The last minutes are pale on grey: events still come in for them, and they may grow."


def label_of(scope: Scope) -> str:
    return "Everyone" if scope == EVERYONE else f"{scope.dimension.capitalize()}: {scope.value}"


def pick_scope(scopes: list[Scope]) -> Scope:
    """It stands in the address. A choice that has no events just now stays a choice."""
    options = [EVERYONE, *scopes]
    before = st.session_state.get(_KEY)
    if isinstance(before, Scope) and before not in options:
        options.append(before)
    return st.selectbox(
        "Whose listening",
        options,
        format_func=label_of,
        key=_KEY,
        bind="query-params",
        persist_state="session",
        width=260,
        help="Narrows the charts by minute, and the two key figures that come from them, down to one "
        "country, device or genre that was heard in the last ten minutes.",
    )


def _of(scope: Scope) -> str:
    return "" if scope == EVERYONE else f", {label_of(scope)}"


def by_minute(picture: Picture, scope: Scope) -> None:
    rows = charts.minute_rows(picture.minutes)
    with card(
        "Plays and skips by minute",
        f"playbacks a minute, the last {CHART_MINUTES} minutes, UTC{_of(scope)}",
        "Each playback ends as a play or as a skip and counts in the minute in which it ended. "
        f"{_PROVISIONAL} An event that comes after its minute was closed is in the lake and in the hour's "
        "windows, but no longer here; such events are counted below.",
        legend=[("plays", 0), ("skips", 1), ("provisional", 7)],
    ):
        st.vega_lite_chart(with_rows(charts.playbacks(), rows), alt="Plays and skips by minute")
    for column, draw in zip(st.columns(2), (_listeners, _likes), strict=True):
        with column:
            draw(rows, scope)


def _listeners(rows: pd.DataFrame, scope: Scope) -> None:
    with card(
        "Listeners by minute",
        f"distinct listeners, UTC{_of(scope)}",
        "Distinct listeners with at least one event in the minute. They cannot be added up: who listens in "
        f"two minutes is in both. {_PROVISIONAL}",
    ):
        st.vega_lite_chart(
            with_rows(charts.one_figure("listeners", "Listeners", 2), rows), alt="Listeners by minute"
        )


def _likes(rows: pd.DataFrame, scope: Scope) -> None:
    with card("Likes by minute", f"likes, UTC{_of(scope)}", f"Tracks marked as liked. {_PROVISIONAL}"):
        st.vega_lite_chart(with_rows(charts.one_figure("likes", "Likes", 3), rows), alt="Likes by minute")
