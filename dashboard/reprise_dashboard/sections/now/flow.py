"""How the stream flows: pace, delay, lag."""

import streamlit as st

from reprise_dashboard.card import card
from reprise_dashboard.charts.now import flow as charts
from reprise_dashboard.charts.now.description import with_rows
from reprise_dashboard.live.picture import PACE_MINUTES, Picture


def pace(picture: Picture) -> None:
    with card(
        "Events a second",
        f"records a second, the last {PACE_MINUTES} minutes, UTC",
        "Records that the stream took in, in steps of ten seconds. The records of a batch are spread over "
        "the time since the one before.",
    ):
        rows = charts.pace_rows(picture.common.steps)
        # The words for the chart are a part of its description: no figure in them.
        st.vega_lite_chart(with_rows(charts.pace(), rows), alt="Events a second by ten seconds")


def delay(picture: Picture) -> None:
    with card(
        "Delay by batch",
        "seconds from sent_at",
        "From the client's sent_at to this page's data, and to the commit in the lake. Half of a batch's "
        "events are faster than p50, 95 of 100 faster than p95. An event that a client sent long after it "
        "happened counts from when it was sent. The slowest is cut off at three times the others' largest; "
        "its tooltip says the true figure.",
        legend=[(name, hue) for hue, name in enumerate(charts.DELAYS)],
    ):
        rows = charts.delay_rows(picture.common.batches)
        st.vega_lite_chart(with_rows(charts.delay(), rows), alt="Delay by batch")


def lag(picture: Picture) -> None:
    with card(
        "Behind the topic",
        f"records waiting after each batch, the last {PACE_MINUTES} minutes",
        "Consumer lag: records in the topic that a batch did not take. It rises in a burst, and goes back.",
    ):
        rows = charts.lag_rows(picture.common.batches)
        st.vega_lite_chart(with_rows(charts.lag(), rows), alt="Consumer lag by batch")
