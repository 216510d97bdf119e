"""What a job accepts as its orders."""

import json
from pathlib import Path
from typing import Any

import pytest

from reprise_spark.failures import EXIT_CODES, JobFailure
from reprise_spark.spec import read_close_spec, read_compact_spec, read_ingest_spec

HASH = "00000000000000aa"


def ingest_spec(folder: Path) -> dict[str, Any]:
    return {
        "window": "2026-01-05T08:00Z",
        "window_start": "2026-01-05T08:00:00.000Z",
        "window_end": "2026-01-05T09:00:00.000Z",
        "lake": {
            "catalog": {"name": "lake", "uri": "jdbc:sqlite:x.db", "warehouse": "s3://reprise/lake"},
            "s3_endpoint": "http://127.0.0.1:9000",
            "namespace": "listening",
        },
        "kafka": {"brokers": "127.0.0.1:9092", "topic": "events"},
        "receipts": [
            {
                "window": "2026-01-05T08:00Z",
                "shard": 0,
                "topic": "events",
                "ranges": [{"partition": 2, "first": "9007199254740993", "last": "9007199254740999"}],
                "records": 7,
                "bytes": 700,
                "content_hash": HASH,
            }
        ],
        "catalogue_file": None,
        "report_file": str(folder / "report.json"),
    }


def written(folder: Path, spec: object) -> Path:
    file = folder / "spec.json"
    file.write_text(json.dumps(spec))
    return file


def test_a_spec_is_read(tmp_path: Path) -> None:
    spec = read_ingest_spec(written(tmp_path, ingest_spec(tmp_path)))
    assert spec.window_start.isoformat() == "2026-01-05T08:00:00+00:00"
    assert spec.receipts[0].ranges[0].first == 9007199254740993
    assert (spec.expected_records, spec.content_hash) == (7, HASH)
    compact = read_compact_spec(written(tmp_path, ingest_spec(tmp_path)))
    assert compact.lake == spec.lake
    closing = read_close_spec(written(tmp_path, ingest_spec(tmp_path)))
    assert (closing.window_end, closing.catalogue_file) == (spec.window_end, None)


def test_a_receipt_says_whether_its_records_arrived_by_themselves(tmp_path: Path) -> None:
    spec = ingest_spec(tmp_path)
    (receipt,) = spec["receipts"]
    live = {**spec, "receipts": [{**receipt, "source": "live"}]}
    assert not read_ingest_spec(written(tmp_path, spec)).receipts[0].is_live
    assert read_ingest_spec(written(tmp_path, live)).receipts[0].is_live


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"window_start": "2026-01-05T08:00:00"}, "InvalidInput"),
        ({"window": "2026-01-05T10:00Z"}, "InvalidInput"),
        ({"receipts": [{}]}, "InvalidInput"),
        ({"lake": None}, "InvalidInput"),
        ({"catalogue_file": "/nowhere/tracks.ndjson"}, "ResourceMissing"),
    ],
)
def test_a_spec_that_is_wrong_is_told_so(tmp_path: Path, change: dict[str, Any], code: str) -> None:
    with pytest.raises(JobFailure) as failure:
        read_ingest_spec(written(tmp_path, {**ingest_spec(tmp_path), **change}))
    assert failure.value.code == code
    assert EXIT_CODES[code] == 66


def test_a_spec_that_is_absent_or_no_json(tmp_path: Path) -> None:
    with pytest.raises(JobFailure, match="does not exist"):
        read_compact_spec(tmp_path / "nothing.json")
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    with pytest.raises(JobFailure, match="cannot be read"):
        read_compact_spec(broken)
    with pytest.raises(JobFailure, match="not an object"):
        read_compact_spec(written(tmp_path, []))
