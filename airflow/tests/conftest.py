"""Airflow reads its settings when it is first imported, so they are made before any test module is."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from reprise_temporal.settings import TemporalSettings

PROJECT = Path(__file__).parent.parent
REPOSITORY = PROJECT.parent

_HOME = tempfile.mkdtemp(prefix="reprise-airflow-")
# What another installation has set must not reach the tests.
for name in [name for name in os.environ if name.startswith(("AIRFLOW", "TEMPORAL_", "REPRISE_"))]:
    del os.environ[name]
os.environ.update(
    AIRFLOW_HOME=_HOME,
    AIRFLOW__CORE__DAGS_FOLDER=str(PROJECT / "dags"),
    AIRFLOW__CORE__PLUGINS_FOLDER=str(PROJECT / "plugins"),
    AIRFLOW__CORE__LOAD_EXAMPLES="False",
    AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=f"sqlite:///{_HOME}/airflow.db",
    AIRFLOW__USAGE_DATA_COLLECTION__ENABLED="False",
)


@pytest.fixture(scope="session", autouse=True)
def _airflow_home() -> Iterator[None]:
    yield
    shutil.rmtree(_HOME, ignore_errors=True)


# What follows imports Airflow where it is needed, and not before its settings are made.


@pytest.fixture(scope="module")
def program() -> Path:
    from temporal_server import server_program

    found = server_program()
    if found is None:
        pytest.fail("no Temporal server: `npx reprise provision` installs it")
    return found


@pytest.fixture(scope="module")
def server(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TemporalSettings]:
    from temporal_server import TemporalServer

    server = TemporalServer(program, tmp_path_factory.mktemp("temporal") / "temporal.db")
    try:
        server.start()
        yield server.settings
    finally:
        server.stop()


@pytest.fixture
def bridge(server: TemporalSettings) -> Callable[[Any], None]:
    """Runs a test's work beside a worker."""
    from temporal_server import pretending_worker

    from reprise_temporal.hook import TemporalHook

    def run(work: Any) -> None:
        async def with_worker() -> None:
            async with pretending_worker(server) as client:
                await asyncio.wait_for(work(TemporalHook(server), client), timeout=60)

        asyncio.run(with_worker())

    return run
