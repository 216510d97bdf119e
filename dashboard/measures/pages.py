"""How long the pages take on what is served: `python -m measures.pages --runs 5` prints JSON.

A page's script is run as the server runs it for a reader, without a browser: queries, tables, charts and what
is sent. First: with nothing remembered, as after a start. Interaction: a reader chooses another period or
window.
"""

import argparse
import json
import time
from pathlib import Path
from typing import TypedDict

import duckdb
import pandas as pd
import streamlit as st
from streamlit.testing.v1 import AppTest

from reprise_dashboard.period import CHOICES, CHOSEN_DAYS
from reprise_dashboard.reports.folder import read_shelf
from reprise_dashboard.settings import read_settings
from reprise_dashboard.snapshot import ask, serve

PROJECT = Path(__file__).resolve().parents[1]
LIMIT_S = 120


class Measured(TypedDict):
    playbacks: int
    pages: list["Page"]


class Page(TypedDict):
    page: str
    first_ms: list[float]
    interaction_ms: list[float]


def _timed(app: AppTest) -> float:
    started = time.perf_counter()
    app.run()
    elapsed = (time.perf_counter() - started) * 1000
    if app.exception:
        raise SystemExit(f"the page failed: {app.exception[0].message}")
    return round(elapsed, 1)


def _choices() -> dict[str, list[dict[str, str]]]:
    """By page, what a reader may choose, as it stands in the address."""
    windows = [report.window for report in read_shelf(read_settings().reports_dir).reports][:5]
    return {
        "views/overview.py": [{"period": choice} for choice in CHOICES if choice != CHOSEN_DAYS],
        "views/now.py": [],
        "views/pipeline.py": [{"window": window} for window in windows],
    }


def _playbacks() -> int:
    snapshot = serve(read_settings()).snapshot
    if snapshot is None:
        raise SystemExit("there is no snapshot to measure on")
    return int(ask(snapshot, _total).iloc[0]["playbacks"])


def _total(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    return connection.sql("select sum(playbacks) as playbacks from hourly_activity").df()


def _measure(page: str, choices: list[dict[str, str]], runs: int) -> Page:
    first: list[float] = []
    interactions: list[float] = []
    for _ in range(runs):
        st.cache_data.clear()
        st.cache_resource.clear()
        app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=LIMIT_S)
        app.switch_page(page)
        first.append(_timed(app))
        for choice in choices:
            for name, value in choice.items():
                app.query_params[name] = value
            interactions.append(_timed(app))
    return {"page": Path(page).stem, "first_ms": first, "interaction_ms": interactions}


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the pages on the snapshot that is served.")
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    pages = {page: of for page, of in _choices().items() if (PROJECT / page).exists()}
    # The first page ever pays for the imports of all.
    _measure("views/overview.py", [], 1)
    measured: Measured = {
        "playbacks": _playbacks(),
        "pages": [_measure(page, choices, runs) for page, choices in pages.items()],
    }
    print(json.dumps(measured))


if __name__ == "__main__":
    main()
