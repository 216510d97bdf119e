"""Notices a new snapshot or report without a click, by looking at file times only, and says how old it is."""

import html
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from reprise_dashboard.formatting import age
from reprise_dashboard.pointer import SnapshotBroken, read_pointer
from reprise_dashboard.reports.folder import newest_files
from reprise_dashboard.settings import Settings
from reprise_dashboard.snapshot import Served, Snapshot

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


def _line(snapshot: Snapshot | None, problem: bool) -> str:
    if snapshot is None:
        words = "No snapshot that can be used" if problem else "No snapshot yet"
        return f'<div class="rp-status"><span><span class="rp-dot off"></span>{words}</span></div>'
    parts = [f"Snapshot <b>{html.escape(snapshot.version)}</b>"]
    if snapshot.published_at:
        when = f"{snapshot.published_at:%Y-%m-%d %H:%M:%S} UTC"
        parts.append(f'<span title="{when}">published {age(snapshot.published_at, datetime.now(UTC))}</span>')
    if snapshot.window:
        parts.append(f"after window {html.escape(snapshot.window)}")
    dot = f'<span class="rp-dot{" off" if problem else ""}"></span>'
    return (
        f'<div class="rp-status"><span>{dot}{parts[0]}</span>'
        + "".join(f"<span>{part}</span>" for part in [*parts[1:], "all times UTC"])
        + "</div>"
    )


@st.fragment(run_every=POLL_SECONDS)
def status_line(settings: Settings, served: Served, with_reports: bool) -> None:
    if stamp(settings, with_reports) != st.session_state.get(_SEEN):
        st.rerun()
    st.html(_line(served.snapshot, served.problem is not None))
