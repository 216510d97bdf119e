"""One window: its steps, what was expected and found at each hop, and what was set aside and why."""

from pathlib import Path

import streamlit as st

from reprise_dashboard import formatting
from reprise_dashboard.card import card
from reprise_dashboard.markup import Column, Html, bar, joined, plain, state, styled, table, text, titled
from reprise_dashboard.reports.model import Hop, HopSide, Step, WindowReport
from reprise_dashboard.reports.quarantine_reasons import sentence
from reprise_dashboard.reports.replays import Replay, read_replays
from reprise_dashboard.sections.windows import links_of, reconciled_cell, step_name

_HOPS = {
    "landing": "generated files on the object store",
    "kafka": "records that the broker acknowledged, by the receipts",
    "raw": "lake: every byte that arrived",
    "events": "lake: valid, distinct events",
    "quarantine": "lake: rejected, with the reason",
    "duplicates": "lake: repeats of an event in the window",
    "warehouse": "rows loaded for the window",
    "marts": "events counted by the hours of the window's days, against those that dbt had",
    "serving": "rows of the dashboard's marts, all windows, against the warehouse",
}


def pick_window(reports: tuple[WindowReport, ...]) -> WindowReport:
    """Without a choice, the newest window that did not go well, else the newest that has ended."""
    by_name = {report.window: report for report in reports}
    chosen = st.selectbox(
        "Window",
        list(by_name),
        index=None,
        placeholder="The newest one that needs a look",
        key="window",
        bind="query-params",
        persist_state="session",
        help="The choice stands in the address, so that it can be sent to someone.",
        width=320,
    )
    if chosen in by_name:
        return by_name[chosen]
    worrying = (report for report in reports if report.state in ("failed", "cancelled"))
    ended = (report for report in reports if report.state != "running")
    return next(worrying, None) or next(ended, None) or reports[0]


def _summary(report: WindowReport) -> None:
    facts = [
        state(report.state),
        Html(f"<b>{text(report.window)}</b>"),
        joined([text("reconciled"), reconciled_cell(report)], " "),
        text(f"source {report.source}, seed {report.seed}"),
        text(f"asked for by {report.requested_by}"),
        text(f"workflow {report.workflow_id}"),
        links_of(report),
    ]
    st.html(Html(f'<div class="rp-status">{"".join(f"<span>{fact}</span>" for fact in facts if fact)}</div>'))
    if report.failure:
        where = f" in the step {plain(step_name(report.failure.step))}" if report.failure.step else ""
        st.error(
            f"**{plain(report.failure.type)}{where}.** {plain(report.failure.message)}",
            icon=":material/error:",
        )
    for step in report.retried:
        name = plain(step_name(step.name))
        st.warning(
            f"The step {name} took {step.attempts} attempts. Temporal's history says why.",
            icon=":material/replay:",
        )


def _attempts(step: Step) -> Html:
    return (
        styled(f"{step.attempts} ↻", "rp-warn", "retried")
        if step.attempts > 1
        else text(str(step.attempts or "–"))
    )


def _steps(report: WindowReport) -> None:
    with card("Steps", "times UTC", "Each step is its own Temporal activity, retried on its own."):
        columns = [
            Column("Step", "wrap"),
            Column("State"),
            Column("Began"),
            Column("Seconds", "r"),
            Column("Attempts", "r"),
        ]
        rows = [
            [
                titled(
                    step_name(step.name),
                    f"{step.failure.type}: {step.failure.message}" if step.failure else "",
                ),
                state(step.state),
                text(formatting.clock(step.started_at)),
                text(formatting.NOTHING if step.seconds is None else f"{step.seconds:.1f}"),
                _attempts(step),
            ]
            for step in report.steps
        ]
        st.html(table(f"Steps of {report.window}", columns, rows))


def _side(side: HopSide) -> Html:
    digest = side.content_hash or "no hash"
    return Html(f'{text(formatting.count(side.total))}<span class="sub"><code>{text(digest)}</code></span>')


def _verdict(hop: Hop) -> Html:
    if hop.matches:
        return styled("✓ equal", "rp-good")
    sentences = "".join(f'<span class="sub">{text(one)}</span>' for one in hop.differences)
    return Html(f"{styled('✕ differs', 'rp-bad rp-state')}{sentences}")


def _hops(report: WindowReport) -> None:
    with card(
        "Hop by hop",
        "records, and their content hash",
        "The ledger knows what was emitted; every place that the records pass is held against it, "
        "and the marts that are served against those of the warehouse. "
        "The hash does not depend on their order, and two sets with the same hash hold the same bytes.",
    ):
        if not report.hops:
            st.caption("No hop has been reached yet.")
            return
        columns = [Column("Hop"), Column("Verdict", "wrap"), Column("Expected", "r"), Column("Observed", "r")]
        rows = [
            [
                titled(hop.name, _HOPS.get(hop.name, "")),
                _verdict(hop),
                _side(hop.expected),
                _side(hop.observed),
            ]
            for hop in report.hops
        ]
        st.html(table(f"Hops of {report.window}", columns, rows))
        _breakdown(report.hops)


_KINDS = {"quarantine": "reason", "serving": "mart"}


def _count(hop: Hop, name: str) -> Html:
    """What was found, and by how much it differs from what was expected."""
    if name not in hop.expected.by and name not in hop.observed.by:
        return styled(formatting.NOTHING, "rp-muted")
    expected, observed = hop.expected.by.get(name, 0), hop.observed.by.get(name, 0)
    found = text(formatting.count(observed))
    if expected == observed:
        return found
    difference = styled(f"{observed - expected:+,}", "rp-bad sub", f"expected {formatting.count(expected)}")
    return Html(f"{found}{difference}")


def _across(label: str, kind: str, hops: tuple[Hop, ...]) -> None:
    """A row a kind, a column a hop: a number that changes on the way is seen at once."""
    names = sorted({name for hop in hops for name in {*hop.expected.by, *hop.observed.by}})
    if names:
        columns = [Column(kind), *(Column(hop.name, "r", _HOPS.get(hop.name, "")) for hop in hops)]
        st.html(table(label, columns, [[text(name), *(_count(hop, name) for hop in hops)] for name in names]))


def _breakdown(hops: tuple[Hop, ...]) -> None:
    """Counts by event type, reason or mart, of the hops that have them."""
    told = tuple(hop for hop in hops if hop.expected.by or hop.observed.by)
    if not told:
        return
    differs = any(hop.expected.by != hop.observed.by for hop in told)
    with st.expander("By event type, reason and mart", expanded=differs):
        _across("Counts by event type", "Event type", tuple(hop for hop in told if hop.name not in _KINDS))
        for hop in told:
            if hop.name in _KINDS:
                _across(f"Counts by {_KINDS[hop.name]}", _KINDS[hop.name].capitalize(), (hop,))


def _quarantine(report: WindowReport) -> None:
    counts = report.counts
    with card(
        "Set aside, and why",
        f"{formatting.count(counts.quarantined)} records quarantined, "
        f"{formatting.count(counts.duplicates)} duplicates",
        "A quarantined record is kept whole, with its Kafka coordinates and the first reason that applies. "
        "A duplicate is a good record whose event_id had already arrived in the window.",
    ):
        reasons = sorted(report.quarantined_by_reason.items(), key=lambda one: (-one[1], one[0]))
        if not reasons:
            st.caption(
                "Nothing was quarantined." if counts.arrived else "The records have not been judged yet."
            )
            return
        most = reasons[0][1]
        rows = [
            [titled(reason, sentence(reason)), bar(number / most if most else 0, formatting.count(number))]
            for reason, number in reasons
        ]
        st.html(
            table(
                f"Quarantine of {report.window}", [Column("Reason", "wrap"), Column("Records", "grow")], rows
            )
        )


_SAME = {
    True: styled("✓ identical", "rp-good"),
    False: styled("✕ differs", "rp-bad rp-state"),
    None: styled("nothing to compare", "rp-muted"),
}


def _replays(replays: tuple[Replay, ...]) -> None:
    if not replays:
        return
    with card(
        "Replays",
        "times UTC, the newest first",
        "A replay is held against the last run before it that came through: "
        "what every hop holds, to the byte.",
    ):
        columns = [
            Column("Began"),
            Column("Asked for by", "wrap"),
            Column("From"),
            Column("Before"),
            Column("After"),
            Column("Same", "wrap"),
        ]
        rows = [
            [
                text(formatting.instant(replay.started_at)),
                titled(replay.by, replay.why),
                text(step_name(replay.from_step)),
                state(replay.before) if replay.before else text(formatting.NOTHING),
                state(replay.after) if replay.after else state("running"),
                _same(replay),
            ]
            for replay in replays
        ]
        st.html(table("Replays", columns, rows))


def _same(replay: Replay) -> Html:
    if not replay.reconciled:
        return text(formatting.NOTHING)
    sentences = "".join(f'<span class="sub">{text(one)}</span>' for one in replay.remarks)
    return Html(f"{_SAME[replay.identical]}{sentences}")


def window_detail(reports: tuple[WindowReport, ...], replays_dir: Path) -> None:
    st.subheader("One window", anchor=False)
    report = pick_window(reports)
    _summary(report)
    _hops(report)
    left, right = st.columns(2)
    with left:
        _steps(report)
    with right:
        _quarantine(report)
    _replays(read_replays(replays_dir, report.window))
