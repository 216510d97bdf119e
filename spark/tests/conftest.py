"""One Spark session for all tests, with the settings that the jobs run with and a lake on the local disk."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from broker import Topic, broker_in
from live_stream import LiveStream
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


@pytest.fixture(scope="session")
def brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with broker_in(tmp_path_factory.mktemp("kafka")) as address:
        yield address


@pytest.fixture
def topic(spark: SparkSession, brokers: str) -> Iterator[Topic]:
    made = Topic(spark, brokers)
    yield made
    made.close()


@pytest.fixture
def stream(spark: SparkSession, topic: Topic, lake: LakeAccess, tmp_path: Path) -> LiveStream:
    catalogue = tmp_path / "catalogue.ndjson"
    track = {"track_id": "t-1", "track_title": "One", "artist_id": "a-1", "artist_name": "Somebody"}
    album = {"album_id": "b-1", "album_name": "First", "genre": "jazz", "duration_ms": 1}
    catalogue.write_text(json.dumps({**track, **album, "release_date": "2020-01-01", "is_explicit": False}))
    return LiveStream(spark, topic.at, lake, tmp_path, catalogue)
