"""The catalogue as the stream asks it."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from reprise_spark.stream.tracks import Catalogue


def line(track: str, title: str) -> str:
    names = {
        "artist_id": "a",
        "artist_name": "Somebody",
        "album_id": "b",
        "album_name": "First",
        "genre": "jazz",
    }
    fields = {
        "track_id": track,
        "track_title": title,
        **names,
        "duration_ms": 1,
        "release_date": "2020-01-01",
    }
    return json.dumps({**fields, "is_explicit": False}, ensure_ascii=False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    lines = [
        line("t-1", "One\u2028and a half"),
        "no track",
        "{}",
        "[]",
        line("t-1", "Another one"),
        line("t-2", "Two"),
    ]
    (tmp_path / "catalogue.ndjson").write_text("\n".join(lines))
    return tmp_path / "catalogue.ndjson"


@pytest.fixture
def catalogue(spark: SparkSession, file: Path, tmp_path: Path) -> Iterator[Catalogue]:
    opened = Catalogue(spark, file, tmp_path / "tracks")
    yield opened
    opened.close()


def titles(catalogue: Catalogue, *ids: str) -> dict[str, str]:
    return {row.track_id: row.track_title for row in catalogue.tracks(ids).collect()}


def test_the_first_line_of_a_track_counts_and_what_is_none_is_passed_over(catalogue: Catalogue) -> None:
    assert titles(catalogue, "t-1", "t-2", "t-3") == {"t-1": "One\u2028and a half", "t-2": "Two"}
    assert titles(catalogue) == {}


def test_a_file_that_is_replaced_is_read_again(catalogue: Catalogue, file: Path) -> None:
    draft = file.with_suffix(".new")
    draft.write_text(line("t-2", "Second"))
    draft.replace(file)
    assert titles(catalogue, "t-1", "t-2") == {"t-2": "Second"}
    file.unlink()
    assert titles(catalogue, "t-1", "t-2") == {}


def test_a_file_that_is_the_same_is_not_read_again(spark: SparkSession, file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    Catalogue(spark, file, folder).close()
    known = file.stat()
    file.write_text(file.read_text().replace("Two", "Owt"))
    os.utime(file, ns=(known.st_atime_ns, known.st_mtime_ns))
    again = Catalogue(spark, file, folder)
    assert titles(again, "t-2") == {"t-2": "Two"}
    again.close()
