"""Top tracks now, and what is rising."""

import streamlit as st

from reprise_dashboard import formatting
from reprise_dashboard.card import card
from reprise_dashboard.live.picture import Picture
from reprise_dashboard.markup import Column, bar, styled, table, text, titled
from reprise_dashboard.queries.now.tracks import (
    BEFORE_MINUTES,
    FEWEST_PLAYS,
    LEAST_RISE,
    RISING_MINUTES,
    TOP_MINUTES,
)
from reprise_dashboard.rows import rows_of


def top(picture: Picture) -> None:
    with card(
        "Top tracks now",
        f"plays in the last {TOP_MINUTES} minutes",
        f"Playbacks heard out in the last {TOP_MINUTES} minutes, the one that is not over included.",
    ):
        frame = picture.common.top
        if frame.empty:
            st.caption("No track was heard out in these minutes.")
            return
        most = frame["plays"].max()
        rows = [
            [
                styled(str(place), "place"),
                titled(row.title, row.artist),
                bar(row.plays / most, formatting.count(row.plays)),
                text(formatting.percent(row.skip_rate)),
            ]
            for place, row in enumerate(rows_of(frame), start=1)
        ]
        columns = [
            Column("#"),
            Column("Track", "wrap"),
            Column("Plays", "grow"),
            Column("Skipped", "r narrow-hide"),
        ]
        st.html(table("Top tracks now", columns, rows))


def rising(picture: Picture) -> None:
    with card(
        "Rising",
        f"plays in the last {RISING_MINUTES} minutes, against the {BEFORE_MINUTES} before",
        f"A track's share of all plays in the last {RISING_MINUTES} minutes, divided by its share in the "
        f"{BEFORE_MINUTES} minutes before: what rises with everything else does not count. Listed is what "
        f"has at least {FEWEST_PLAYS} plays, at least {LEAST_RISE} times its share, and more than chance "
        "explains: counts of plays scatter by their square root, and a rise must stand out of that scatter "
        "as only one steady track in two thousand would. First comes the one whose rise is large for "
        "certain.",
    ):
        frame = picture.common.rising
        st.caption(
            f"At least {FEWEST_PLAYS} plays, {LEAST_RISE} times the usual share, and more than chance "
            "explains."
        )
        if frame.empty:
            st.caption("No track does just now: what is played is what was played before.")
            return
        rows = [
            [
                styled(str(place), "place"),
                titled(row.title, row.artist),
                styled(
                    f"▲ {row.ratio:,.1f}×" if row.ratio < 100 else "▲ over 100×",
                    "rp-good",
                    f"{row.ratio:,.1f} times its share of the {BEFORE_MINUTES} minutes before",
                ),
                text(formatting.count(row.plays)),
                styled(f"{row.usual:,.0f}" if row.usual >= 1 else "under 1", "rp-muted"),
            ]
            for place, row in enumerate(rows_of(frame), start=1)
        ]
        columns = [
            Column("#"),
            Column("Track", "wrap"),
            Column("Rise", "r"),
            Column("Plays", "r"),
            Column("Usual", "r", "Plays that its share of the minutes before would come to"),
        ]
        st.html(table("Rising tracks", columns, rows))
