"""Top tracks and artists, and how they moved."""

import pandas as pd
import streamlit as st

from reprise_dashboard import formatting
from reprise_dashboard.card import card
from reprise_dashboard.charts.places import LOWEST_PLACE, places
from reprise_dashboard.markup import Column, Html, bar, styled, table, text, titled
from reprise_dashboard.period import Period
from reprise_dashboard.queries import rankings
from reprise_dashboard.rows import rows_of
from reprise_dashboard.snapshot import Snapshot, ask

_HOW = (
    "Ranked by streams: playbacks of at least 30 seconds. ▲ and ▼ count the places won or lost since the "
    "period of the same length just before; NEW was not in that one; "
    "– means no change, or nothing to compare with."
)


def movement(moved: float | None, is_new: bool) -> Html:
    if is_new:
        return styled("NEW", "rp-busy", "not in the period before")
    if moved is None or pd.isna(moved) or moved == 0:
        return styled("–", "rp-muted")
    places_moved = abs(int(moved))
    plural = "" if places_moved == 1 else "s"
    if moved > 0:
        return styled(f"▲ {places_moved}", "rp-good", f"up {places_moved} place{plural}")
    return styled(f"▼ {places_moved}", "rp-bad", f"down {places_moved} place{plural}")


def _leaderboard(title: str, subject: str, frame: pd.DataFrame) -> None:
    with card(title, "streams in the period", _HOW):
        most = frame["streams"].max() if len(frame) else 1
        rows = [
            [
                styled(str(row.place), "place"),
                movement(row.moved, bool(row.is_new)),
                titled(row.title, row.subtitle or f"{formatting.count(row.playbacks)} playbacks"),
                bar(row.streams / most if most else 0, formatting.count(row.streams)),
                text(formatting.percent(row.skip_rate)),
            ]
            for row in rows_of(frame)
        ]
        columns = [
            Column("#"),
            Column("Move"),
            Column(subject, "wrap"),
            Column("Streams", "grow"),
            Column("Skipped", "r narrow-hide"),
        ]
        st.html(table(title, columns, rows))


def _days(period: Period) -> tuple[object, ...]:
    earlier = period.before()
    return (period.first, period.last, earlier.first, earlier.last)


def top_tracks(snapshot: Snapshot, period: Period) -> None:
    _leaderboard("Top tracks", "Track", ask(snapshot, rankings.top_tracks, _days(period)))


def top_artists(snapshot: Snapshot, period: Period) -> None:
    _leaderboard("Top artists", "Artist", ask(snapshot, rankings.top_artists, _days(period)))


def places_by_day(snapshot: Snapshot, period: Period) -> None:
    for column, name, query in zip(
        st.columns(2), ("tracks", "artists"), (rankings.track_places, rankings.artist_places), strict=True
    ):
        with (
            column,
            card(
                f"Places of the top {name}, day by day",
                f"place in the day's chart; the period's six most streamed {name}",
                f"Each day is ranked by its own streams. "
                f"Below place {LOWEST_PLACE} a line leaves the picture.",
            ),
        ):
            frame = ask(snapshot, query, period.first, period.last)
            if frame["day"].nunique() < 2:
                st.caption(
                    "They were all played on one day: there is no movement to draw. Choose a longer period."
                )
            else:
                st.altair_chart(places(frame), alt=f"Places of the top {name} by day, {period.label()}")
