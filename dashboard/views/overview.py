"""What listeners did, from the serving snapshot."""

import logging

import duckdb
import pandas as pd
import streamlit as st

from reprise_dashboard import freshness, notices
from reprise_dashboard.queries import activity as activity_queries
from reprise_dashboard.sections import activity, audience, rankings
from reprise_dashboard.sections.header import header
from reprise_dashboard.sections.headline import headline
from reprise_dashboard.sections.period_picker import pick_period
from reprise_dashboard.settings import read_settings
from reprise_dashboard.snapshot import Snapshot, ask, refuse, serve

log = logging.getLogger(__name__)


def body(snapshot: Snapshot) -> None:
    span = ask(snapshot, activity_queries.span).iloc[0]
    if pd.isna(span.first_day):
        notices.empty_snapshot()
        return
    period = pick_period(span.first_day.date(), span.last_day.date())
    over_time = activity_queries.by_hour if period.hourly else activity_queries.by_day
    trend = ask(snapshot, over_time, period.first, period.last)
    if trend.empty:
        notices.empty_period()
        return
    headline(snapshot, period, trend)
    activity.playbacks(trend, period)
    left, right = st.columns(2)
    with left:
        activity.skip_rate(trend, period)
    with right:
        activity.listeners(trend, period)
    left, right = st.columns(2)
    with left:
        rankings.top_tracks(snapshot, period)
    with right:
        rankings.top_artists(snapshot, period)
    rankings.places_by_day(snapshot, period)
    left, right = st.columns(2)
    with left:
        audience.countries(snapshot, period)
    with right:
        audience.devices(snapshot, period)


settings = read_settings()
freshness.remember(settings, with_reports=False)
served = serve(settings)
header("Overview", settings, served, with_reports=False)
if served.snapshot is not None:
    try:
        body(served.snapshot)
    except duckdb.ConnectionException:
        # Closed under a page that was two publications behind.
        log.exception("snapshot %s was closed", served.snapshot.version)
        notices.unreadable_snapshot()
    except duckdb.Error:
        log.exception("snapshot %s could not be queried", served.snapshot.version)
        refuse(settings, served.snapshot)
        st.rerun()
elif served.problem is None:
    notices.no_snapshot()
