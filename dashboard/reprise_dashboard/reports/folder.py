"""The folder of window reports: one file a window, its name sorting as its time does."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from reprise_dashboard.reports.model import ReportMalformed, WindowReport, parse_report

# Eight days of hourly windows: what the page lists, and what is polled for changes.
NEWEST = 192


@dataclass(frozen=True)
class ReportFile:
    path: Path
    mtime_ns: int
    size: int


@dataclass(frozen=True)
class Shelf:
    """`reports` newest window first; `problems` is a sentence for each file that could not be used."""

    reports: tuple[WindowReport, ...]
    problems: tuple[str, ...]
    older: int


def newest_files(folder: Path, limit: int = NEWEST) -> tuple[list[ReportFile], int]:
    """The newest files, and how many older ones there are. A folder that does not exist holds none."""
    try:
        names = sorted(
            (
                entry.name
                for entry in os.scandir(folder)
                if entry.name.endswith(".json") and not entry.name.startswith(".")
            ),
            reverse=True,
        )
    except OSError:
        return [], 0
    files = []
    for name in names[:limit]:
        try:
            stat = (folder / name).stat()
        except FileNotFoundError:
            continue
        files.append(ReportFile(folder / name, stat.st_mtime_ns, stat.st_size))
    return files, max(0, len(names) - limit)


@st.cache_data(show_spinner=False, max_entries=2 * NEWEST)
def _read(file: ReportFile) -> WindowReport | str:
    try:
        return parse_report(json.loads(file.path.read_text(encoding="utf-8")))
    except ReportMalformed as problem:
        return f"{file.path.name}: {problem}."
    except ValueError:
        return f"{file.path.name}: it is not JSON."
    except OSError as error:
        return f"{file.path.name}: it cannot be read ({error.strerror})."


def read_shelf(folder: Path) -> Shelf:
    files, older = newest_files(folder)
    read = [_read(file) for file in files]
    reports = sorted(
        (one for one in read if isinstance(one, WindowReport)), key=lambda one: one.window_start, reverse=True
    )
    return Shelf(tuple(reports), tuple(one for one in read if isinstance(one, str)), older)
