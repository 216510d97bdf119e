"""All windows: key figures, what runs now, the table, and where the seconds go."""

from collections import Counter
from datetime import UTC, datetime

import streamlit as st

from reprise_dashboard import formatting
from reprise_dashboard.card import card
from reprise_dashboard.charts.steps import step_durations as step_chart
from reprise_dashboard.markup import Column, Html, joined, link, state, styled, table, text
from reprise_dashboard.reports.frames import median_seconds, step_durations
from reprise_dashboard.reports.model import STEPS, Step, WindowReport

# A day of hourly windows fits a screen.
IN_CHART = 24
IN_TABLE = 48

_SHORT = {"publish_serving": "publish serving"}


def step_name(step: str) -> str:
    return _SHORT.get(step, step)


def headline(reports: tuple[WindowReport, ...]) -> None:
    states = Counter(report.state for report in reports)
    ended = [report for report in reports if report.state != "running"]
    reconciled = sum(report.came_through for report in ended)
    arrived = sum(report.counts.arrived for report in reports)
    figures = [
        (
            "Completed",
            formatting.count(states["completed"]),
            "Windows that ran through all eight steps.",
        ),
        (
            "Reconciled",
            f"{reconciled} of {len(ended)}",
            "Of the windows that have ended: those that ran through, with every hop holding what it should.",
        ),
        (
            "Failed or cancelled",
            formatting.count(states["failed"] + states["cancelled"]),
            "Windows that stopped.",
        ),
        (
            "Events arrived",
            formatting.count(arrived),
            "Records of all windows listed, bad ones and repeats included.",
        ),
        (
            "Median window",
            formatting.seconds(median_seconds(reports)),
            "From the first step's beginning to the last one's end, completed windows.",
        ),
    ]
    with st.container(horizontal=True, gap="small", key="figures"):
        for label, value, how in figures:
            st.metric(label, value, help=how, border=True)


def _running_html(report: WindowReport, now: datetime) -> Html:
    step = report.current_step
    place = STEPS.index(step.name) + 1 if step and step.name in STEPS else 0
    doing = (
        f"step {place} of {len(STEPS)}, {step_name(step.name)}, since {formatting.clock(step.started_at)} UTC"
        if step
        else "between two steps"
    )
    attempt = f" · attempt {step.attempts}" if step and step.attempts > 1 else ""
    elapsed = formatting.whole_seconds((now - report.started_at).total_seconds())
    chips = "".join(
        f'<span class="rp-step {one.state}">{step_name(one.name)}</span>'
        for one in report.steps
        if one.name in STEPS and one.state.isalpha()
    )
    line = joined([state("running"), text(report.window), text(doing + attempt), text(f"{elapsed} in all")])
    return Html(f'<div role="status">{line}<div class="rp-steps">{chips}</div></div>')


@st.fragment(run_every=2)
def running(reports: tuple[WindowReport, ...]) -> None:
    """Redrawn on its own, so that the clock goes on between two reports."""
    now = datetime.now(UTC)
    for report in reports:
        with st.container(border=True):
            st.html(_running_html(report, now))


def _step_cell(step: Step | None) -> Html:
    if step is None or step.state in ("pending", "skipped"):
        return styled("·", "rp-muted")
    if step.state == "running":
        return styled("running", "rp-busy")
    if step.state == "kept":
        return styled("kept", "rp-muted", "done by an earlier run; this one began behind it")
    figure = "–" if step.seconds is None else f"{step.seconds:.1f}"
    if step.state == "failed":
        times = f" ×{step.attempts}" if step.attempts > 1 else ""
        return styled(f"✕ {figure}{times}", "rp-bad", f"failed, attempts: {step.attempts}")
    if step.attempts > 1:
        return styled(f"{figure} ×{step.attempts}", "rp-warn", f"took {step.attempts} attempts")
    return text(figure)


def reconciled_cell(report: WindowReport) -> Html:
    if report.state == "running":
        return styled(formatting.NOTHING, "rp-muted", "not yet: the window is running")
    if report.came_through:
        return styled("✓ yes", "rp-good")
    # A window that stopped for another reason has not been found to differ.
    if report.state == "completed" or not all(hop.matches for hop in report.hops):
        return styled("✕ no", "rp-bad")
    return styled("not reached", "rp-muted")


def links_of(report: WindowReport) -> Html:
    """A window that the command line started itself has no run in Airflow."""
    return joined([link(report.airflow_link, "Airflow"), link(report.temporal_link, "Temporal")])


def windows_table(reports: tuple[WindowReport, ...], older: int) -> None:
    shown = reports[:IN_TABLE]
    left_out = len(reports) - len(shown) + older
    units = "events; seconds by step" + (
        f" · the newest {len(shown)}, {left_out} older not shown" if left_out else ""
    )
    with card(
        "Windows",
        units,
        "Newest first. Arrived = valid + quarantined + duplicates. A step with ×n took n attempts.",
    ):
        columns = [
            Column("Window", "", "Its start, UTC; a window is one hour"),
            Column("State"),
            Column("Open in"),
            Column("Arrived", "r"),
            Column("Valid", "r"),
            Column("Quarantined", "r"),
            Column("Duplicates", "r"),
            Column("Reconciled"),
            Column("Total", "r", "Seconds from the first step's beginning to the last one's end"),
            *[Column(step_name(step), "r", f"Seconds of the step {step}") for step in STEPS],
        ]
        rows = []
        for report in shown:
            steps = {step.name: step for step in report.steps}
            counts = report.counts
            # Counts come with the ingest step; until then a zero would be a lie.
            known = report.state == "completed" or counts.arrived > 0
            rows.append(
                [
                    text(report.window),
                    state(report.state),
                    links_of(report),
                    *[
                        text(formatting.count(count) if known else formatting.NOTHING)
                        for count in (counts.arrived, counts.valid, counts.quarantined, counts.duplicates)
                    ],
                    reconciled_cell(report),
                    text(formatting.NOTHING if report.seconds is None else f"{report.seconds:.1f}"),
                    *[_step_cell(steps.get(step)) for step in STEPS],
                ]
            )
        st.html(table("Windows, newest first", columns, rows, "rp-pin"))


def durations(reports: tuple[WindowReport, ...]) -> None:
    frame = step_durations(reports[:IN_CHART])
    with card(
        "Seconds by step",
        f"seconds, the newest {min(len(reports), IN_CHART)} windows",
        "Wall-clock seconds of each step, all its attempts and the pauses between them included.",
        legend=[(step_name(step), hue) for hue, step in enumerate(STEPS)],
    ):
        if frame.empty:
            st.caption("No step has ended yet.")
        else:
            st.altair_chart(step_chart(frame), alt="Seconds by step and window")
