"""The row of key figures."""

from datetime import timedelta

import pandas as pd
import streamlit as st

from reprise_dashboard import formatting
from reprise_dashboard.live.picture import TROUBLE_MINUTES, Picture
from reprise_dashboard.queries.now.batches import weighted_delay


def _last_whole_minute(picture: Picture) -> pd.Series | None:
    whole = picture.minutes[picture.minutes["minute"] <= picture.common.as_of - timedelta(minutes=1)]
    return whole.iloc[-1] if len(whole) else None


def _rate(value: float) -> str:
    return formatting.count(value) if value >= 10 or value == 0 else f"{value:.1f}"


def figures(picture: Picture) -> None:
    common, commit = picture.common, picture.pulse.commit
    minute = _last_whole_minute(picture)
    to_page = weighted_delay(common.batches, common.as_of, "p95_s")
    to_lake = weighted_delay(common.batches, common.as_of, "lake_s")
    shown = [
        (
            "Events/s",
            _rate(common.pace),
            "Records that the stream took in, over the last half minute, bad ones and repeats included.",
        ),
        (
            "Playbacks/min",
            formatting.NOTHING if minute is None else formatting.count(minute.plays + minute.skips),
            "Plays and skips of the last whole minute, of the listeners chosen below. It is provisional: "
            "events still come in for it.",
        ),
        (
            "Listeners/min",
            formatting.NOTHING if minute is None else formatting.count(minute.listeners),
            "Distinct listeners with an event in the last whole minute, of those chosen below. Provisional.",
        ),
        (
            "Delay to this page",
            formatting.NOTHING if to_page is None else f"{to_page:.1f} s",
            "From the client's sent_at to the counts of this page, over the last minute: 95 of 100 events "
            "are faster. The page looks every two seconds: add up to that.",
        ),
        (
            "Delay to the lake",
            formatting.NOTHING if to_lake is None else f"{to_lake:.1f} s",
            "The same, up to the commit in the lake's tables, where queries find the event.",
        ),
        (
            "Behind the topic",
            formatting.NOTHING if commit is None else formatting.count(commit.lag),
            "Consumer lag: records in the topic that the newest batch did not take. A batch's worth is "
            "normal.",
        ),
        (
            "Set aside",
            formatting.count(common.quarantine["records"].sum()),
            f"Records quarantined in the last {TROUBLE_MINUTES} minutes; reasons are at the end of the page.",
        ),
    ]
    with st.container(horizontal=True, gap="small", key="figures"):
        for label, value, how in shown:
            st.metric(label, value, help=how, border=True)
