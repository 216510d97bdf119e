"""One Spark session for all tests, with the settings that the jobs run with and a lake on the local disk."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from local_lake import lake_in, session
from pyspark.sql import SparkSession

from reprise_spark.spec import LakeAccess


@pytest.fixture(scope="session")
def lake_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lake")


@pytest.fixture(scope="session")
def spark(lake_folder: Path) -> Iterator[SparkSession]:
    started = session(lake_folder, lake_in(lake_folder))
    yield started
    started.stop()


@pytest.fixture
def lake(lake_folder: Path, request: pytest.FixtureRequest) -> LakeAccess:
    """A namespace of the test's own, without tables."""
    name = "".join(one if one.isalnum() else "_" for one in request.node.name)
    return lake_in(lake_folder, name)
