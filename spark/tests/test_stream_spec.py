"""What the stream is told."""

import json
from pathlib import Path
from typing import Any

import pytest

from reprise_spark.failures import JobFailure
from reprise_spark.spec import LakeAccess, StreamSpec, read_stream_spec

SPEC: dict[str, Any] = {
    "stream": "live",
    "lake": {
        "catalog": {"name": "lake", "uri": "jdbc:sqlite:/c.db", "warehouse": "s3://reprise/lake"},
        "s3_endpoint": "http://127.0.0.1:9000",
        "namespace": "listening",
    },
    "kafka": {"brokers": "127.0.0.1:9092", "topic": "events"},
    "trigger_ms": 500,
    "max_records_per_batch": 50_000,
    "checkpoint": "/data/live/checkpoint",
    "catalogue_file": "/data/live/catalogue.ndjson",
    "now_file": "/serving/live/now.sqlite",
    "stop_file": "/data/live/stop",
}


def read(folder: Path, spec: dict[str, Any]) -> StreamSpec:
    file = folder / "spec.json"
    file.write_text(json.dumps(spec))
    return read_stream_spec(file)


def test_every_field_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, SPEC) == StreamSpec(
        stream="live",
        lake=LakeAccess(
            "lake", "jdbc:sqlite:/c.db", "s3://reprise/lake", "http://127.0.0.1:9000", "listening"
        ),
        brokers="127.0.0.1:9092",
        topic="events",
        trigger_ms=500,
        max_records_per_batch=50_000,
        checkpoint=Path("/data/live/checkpoint"),
        catalogue_file=Path("/data/live/catalogue.ndjson"),
        now_file=Path("/serving/live/now.sqlite"),
        stop_file=Path("/data/live/stop"),
    )
    assert read(tmp_path, {**SPEC, "catalogue_file": None}).catalogue_file is None


@pytest.mark.parametrize("change", [{"trigger_ms": None}, {"kafka": {}}, {"lake": None}, {"checkpoint": 5}])
def test_a_spec_that_is_none_is_named(tmp_path: Path, change: dict[str, Any]) -> None:
    with pytest.raises(JobFailure, match="is not a StreamSpec"):
        read(tmp_path, {**SPEC, **change})
