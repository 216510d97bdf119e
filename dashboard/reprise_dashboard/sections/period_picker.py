"""The choice of period. It stands in the address, so that a view can be sent to someone."""

from datetime import date

import streamlit as st

from reprise_dashboard.period import CHOICES, CHOSEN_DAYS, SEVEN_DAYS, Period, period_for


def pick_period(first_day: date, last_day: date) -> Period:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        choice = st.segmented_control(
            "Period",
            CHOICES,
            default=SEVEN_DAYS,
            required=True,
            key="period",
            bind="query-params",
            persist_state="session",
            help="Whole days, UTC. The named periods end with the newest day in the snapshot. "
            "Key figures are compared with the period of the same length just before, "
            "where the data reaches so far.",
        )
        chosen: tuple[date, ...] = ()
        if choice == CHOSEN_DAYS:
            # No minimum or maximum: they would move with each snapshot, and take the reader's choice along.
            chosen = st.date_input(
                "Days",
                value=(last_day, last_day),
                key="days",
                bind="query-params",
                persist_state="session",
                format="YYYY-MM-DD",
                width=260,
            )
    period = period_for(choice, chosen, first_day, last_day)
    st.caption(f"{period.label()} · the snapshot holds {Period(first_day, last_day).label()}")
    return period
