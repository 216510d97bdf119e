"""Airflow reads its settings when it is first imported, so they are made before any test module is."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

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
