"""Where people listen and on what."""

import pandas as pd
import streamlit as st

from reprise_dashboard import formatting
from reprise_dashboard.card import card
from reprise_dashboard.markup import Column, bar, table, text
from reprise_dashboard.period import Period
from reprise_dashboard.queries import audience
from reprise_dashboard.rows import rows_of
from reprise_dashboard.snapshot import Snapshot, ask


def _split(title: str, subject: str, frame: pd.DataFrame) -> None:
    with card(
        title,
        "share of playbacks",
        f"Playbacks of the sessions that began in the period, by the {subject} they were on.",
    ):
        widest = frame["share"].max() if len(frame) else 1
        rows = [
            [
                text(str(row.name)),
                bar(row.share / widest if widest else 0, formatting.percent(row.share)),
                text(formatting.count(row.listeners)),
                text(formatting.percent(row.skip_rate)),
            ]
            for row in rows_of(frame)
        ]
        columns = [
            Column(subject.capitalize()),
            Column("Share", "grow"),
            Column("Listeners", "r"),
            Column("Skipped", "r"),
        ]
        st.html(table(title, columns, rows))


def countries(snapshot: Snapshot, period: Period) -> None:
    _split("Countries", "country", ask(snapshot, audience.countries, period.first, period.last))


def devices(snapshot: Snapshot, period: Period) -> None:
    _split("Devices", "device", ask(snapshot, audience.devices, period.first, period.last))
