"""Where, on what, and what kind of music, in the last minutes."""

import streamlit as st

from reprise_dashboard import formatting
from reprise_dashboard.card import card
from reprise_dashboard.live.picture import SPLIT_MINUTES, Picture
from reprise_dashboard.markup import Column, bar, table, text
from reprise_dashboard.rows import rows_of

_TITLES = {"country": "Countries", "device": "Devices", "genre": "Genres"}


def split(picture: Picture, dimension: str) -> None:
    title = _TITLES[dimension]
    with card(
        title,
        f"share of playbacks, the last {SPLIT_MINUTES} minutes",
        f"Plays and skips that ended in the last {SPLIT_MINUTES} minutes, by {dimension}.",
    ):
        frame = picture.common.splits[dimension]
        if frame.empty:
            st.caption("No playback in these minutes.")
            return
        widest = frame["share"].max()
        rows = [
            [
                text(row.name),
                bar(row.share / widest, formatting.percent(row.share)),
                text(formatting.count(row.playbacks)),
                text(formatting.percent(row.skip_rate)),
            ]
            for row in rows_of(frame)
        ]
        columns = [
            Column(dimension.capitalize()),
            Column("Share", "grow"),
            Column("Playbacks", "r"),
            Column("Skipped", "r"),
        ]
        st.html(table(title, columns, rows))
