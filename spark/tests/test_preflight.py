"""A server that is not there is told in seconds."""

import socket
import time
from collections.abc import Iterator

import pytest

from reprise_spark.failures import JobFailure
from reprise_spark.preflight import require_kafka, require_object_store
from reprise_spark.spec import LakeAccess


@pytest.fixture
def listening_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def lake_at(endpoint: str) -> LakeAccess:
    return LakeAccess("lake", "jdbc:sqlite:unused", "s3://bucket/lake", endpoint, "listening")


def test_a_server_that_answers(listening_port: int, closed_port: int) -> None:
    require_object_store(lake_at(f"http://127.0.0.1:{listening_port}"))
    require_kafka(f"127.0.0.1:{closed_port}, 127.0.0.1:{listening_port}")


def test_a_server_that_does_not(closed_port: int) -> None:
    started = time.monotonic()
    with pytest.raises(JobFailure, match="object store") as store:
        require_object_store(lake_at(f"http://127.0.0.1:{closed_port}"))
    with pytest.raises(JobFailure, match="Kafka") as kafka:
        require_kafka(f"127.0.0.1:{closed_port}")
    assert store.value.code == kafka.value.code == "Unavailable"
    assert time.monotonic() - started < 15
