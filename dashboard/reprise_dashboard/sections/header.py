"""The top of each page: its name, what it is about, and how fresh it is."""

import streamlit as st

from reprise_dashboard import notices
from reprise_dashboard.freshness import status_line
from reprise_dashboard.settings import Settings
from reprise_dashboard.snapshot import Served


def header(title: str, settings: Settings, served: Served, with_reports: bool) -> None:
    st.title(title, anchor=False)
    status_line(settings, served, with_reports)
    if served.problem:
        notices.broken_snapshot(served.problem, standing_in=served.snapshot is not None)
