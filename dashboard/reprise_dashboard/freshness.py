"""Notices a new snapshot or report without a click, by looking at file times only, and says how old it is."""

from datetime import UTC, datetime
from typing import Any

import streamlit as st

from reprise_dashboard.formatting import age, instant
from reprise_dashboard.markup import Html, joined, link, styled, text
from reprise_dashboard.pointer import SnapshotBroken, read_pointer
from reprise_dashboard.reports.folder import newest_files
from reprise_dashboard.settings import Settings
from reprise_dashboard.snapshot import Served

# A publication shows within two seconds; a poll costs a few file stats.
POLL_SECONDS = 1.5
_SEEN = "stamp of what is shown"


def stamp(settings: Settings, with_reports: bool) -> tuple[Any, ...]:
    """Changes whenever what the page shows would."""
    try:
        pointer = read_pointer(settings.pointer_file)
        stat = (settings.serving_dir / pointer.file).stat() if pointer else None
        shown: tuple[Any, ...] = (pointer, stat and (stat.st_mtime_ns, stat.st_size))
    except (SnapshotBroken, OSError) as problem:
        shown = (str(problem),)
    return (*shown, *newest_files(settings.reports_dir)[0]) if with_reports else shown


def remember(settings: Settings, with_reports: bool) -> None:
    """To be called before the page reads anything: what changes afterwards is then noticed."""
    st.session_state[_SEEN] = stamp(settings, with_reports)


def _freshness(served: Served) -> list[Html]:
    dot = Html(f'<span class="rp-dot{" off" if served.problem or not served.snapshot else ""}"></span>')
    if served.snapshot is None:
        return [
            joined([dot, text("No snapshot that can be used" if served.problem else "No snapshot yet")], "")
        ]
    snapshot = served.snapshot
    parts = [joined([dot, text("Snapshot "), Html(f"<b>{text(snapshot.version)}</b>")], "")]
    if snapshot.published_at:
        said = f"published {age(snapshot.published_at, datetime.now(UTC))}"
        parts.append(styled(said, "", instant(snapshot.published_at)))
    if snapshot.window:
        parts.append(text(f"after window {snapshot.window}"))
    return parts


def _line(served: Served, settings: Settings) -> Html:
    parts = [*_freshness(served), text("all times UTC")]
    parts.append(joined([link(settings.airflow_url, "Airflow"), link(settings.temporal_url, "Temporal")]))
    return Html(f'<div class="rp-status">{"".join(f"<span>{part}</span>" for part in parts if part)}</div>')


@st.fragment(run_every=POLL_SECONDS)
def status_line(settings: Settings, served: Served, with_reports: bool) -> None:
    if stamp(settings, with_reports) != st.session_state.get(_SEEN):
        st.rerun()
    st.html(_line(served, settings))
