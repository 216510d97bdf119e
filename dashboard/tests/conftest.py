from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import streamlit as st
from serving_fixture import build_marts, playbacks
from streamlit.testing.v1 import AppTest

APP = Path(__file__).parent.parent / "app.py"

Open = Callable[..., AppTest]


@pytest.fixture(scope="session")
def listening() -> pd.DataFrame:
    return playbacks(days=4, per_day=160)


@pytest.fixture(scope="session")
def marts(listening: pd.DataFrame) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        build_marts(connection, listening)
        yield connection


@pytest.fixture
def serving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the pages look at; it does not exist yet."""
    folder = tmp_path / "serving"
    monkeypatch.setenv("REPRISE_SERVING_DIR", str(folder))
    monkeypatch.delenv("AIRFLOW_URL", raising=False)
    monkeypatch.delenv("TEMPORAL_UI_URL", raising=False)
    return folder


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def open_page() -> Open:
    """Opens a page as a reader does; any exception that reaches the page fails the test."""

    def go(page: str = "views/overview.py", **query: str) -> AppTest:
        app = AppTest.from_file(str(APP), default_timeout=30)
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        if page != "views/overview.py":
            app.switch_page(page)
            for name, value in query.items():
                app.query_params[name] = value
            app.run()
        assert not app.exception
        return app

    return go


def text_of(app: AppTest) -> str:
    """All that the page says, markup included."""
    said = [element.proto.body for element in app.get("html")]
    for kind in (app.markdown, app.caption, app.error, app.warning, app.info, app.code):
        said += [element.value for element in kind]
    return "\n".join(said)


def metrics_of(app: AppTest) -> dict[str, str]:
    return {metric.label: str(metric.value) for metric in app.metric}


@pytest.fixture
def last_days() -> tuple[date, date]:
    return date(2026, 1, 10), date(2026, 1, 11)
