"""What is read from the files that Spark keeps of a query."""

import json
from pathlib import Path

from reprise_spark.stream.checkpoint import Checkpoint


def written(folder: Path, ends: dict[int, dict[str, int]], committed: int) -> Checkpoint:
    """Batches as Spark writes them down: all of them begun, the first of them committed."""
    for kind in ("offsets", "commits"):
        (folder / "query" / kind).mkdir(parents=True)
    for batch, offsets in ends.items():
        lines = ["v1", json.dumps({"batchTimestampMs": 1}), json.dumps({"events": offsets})]
        (folder / "query" / "offsets" / str(batch)).write_text("\n".join(lines))
        if batch < committed:
            (folder / "query" / "commits" / str(batch)).write_text("v1\n{}")
            (folder / "query" / "commits" / f".{batch}.crc").touch()
    return Checkpoint(folder)


def test_a_batch_begins_where_the_one_before_it_ended(tmp_path: Path) -> None:
    checkpoint = written(
        tmp_path, {8: {"0": 5, "1": 7}, 9: {"0": 6, "1": 7}, 10: {"0": 9, "1": 8}}, committed=10
    )
    assert (checkpoint.begin(10), checkpoint.end(10)) == ({0: 6, 1: 7}, {0: 9, 1: 8})
    assert checkpoint.position() == (9, {0: 6, 1: 7})


def test_before_its_first_batch_it_stands_where_it_was_told_to_begin(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "new")
    assert checkpoint.start() is None
    assert checkpoint.position() == (0, {})
    checkpoint.begin_at({0: 3, 1: 0})
    assert checkpoint.begin(0) == {0: 3, 1: 0}
    assert Checkpoint(tmp_path / "new").position() == (0, {0: 3, 1: 0})


def test_its_name_is_the_one_that_spark_knows_it_by(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path)
    name = checkpoint.query_id()
    assert json.loads((tmp_path / "query" / "metadata").read_text()) == {"id": name}
    assert checkpoint.query_id() == name
    assert Checkpoint(tmp_path / "other").query_id() != name
