"""The contract's examples, and bytes that no well-meaning producer would send."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import Row, SparkSession
from records import LIKED, PLAYED, classified, compact_json

from reprise_spark.contracts import MAX_RECORD_BYTES

EXAMPLES = Path(__file__).resolve().parents[2] / "contracts" / "examples"
MANIFEST: dict[str, Any] = json.loads((EXAMPLES / "manifest.json").read_text())


@pytest.fixture(scope="module")
def examples(spark: SparkSession) -> dict[str, Row]:
    names = [*MANIFEST["pass"], *MANIFEST["fail"]]
    rows = classified(spark, [(EXAMPLES / name).read_bytes() for name in names])
    return dict(zip(names, rows, strict=True))


def test_the_examples_are_all_there() -> None:
    files = {str(file.relative_to(EXAMPLES)) for file in EXAMPLES.rglob("*.*.*")}
    assert files == {*MANIFEST["pass"], *MANIFEST["fail"]}
    assert len(MANIFEST["pass"]) > 10
    assert len(MANIFEST["fail"]) > 20


@pytest.mark.parametrize("name", MANIFEST["pass"])
def test_an_example_that_must_pass(examples: dict[str, Row], name: str) -> None:
    row = examples[name]
    assert (row.reason_code, row.field, row.reason) == (None, None, None)
    event = json.loads((EXAMPLES / name).read_bytes())
    assert row.event_id == event["event_id"]
    assert row.event_type == event["event_type"]
    assert row.ms_played == event.get("ms_played")
    assert row.playlist_name == event.get("playlist_name")
    assert row.shuffle == event.get("shuffle")
    assert row.occurred_at == datetime.fromisoformat(event["occurred_at"]).replace(tzinfo=None)


@pytest.mark.parametrize("name", MANIFEST["fail"])
def test_an_example_that_must_fail(examples: dict[str, Row], name: str) -> None:
    expected = MANIFEST["fail"][name]
    row = examples[name]
    assert row.reason_code == expected["reason_code"]
    assert row.field == expected["field"]
    assert len(row.reason) > 10
    if "reason" in expected:
        assert row.reason == expected["reason"]


PLAIN = compact_json(PLAYED)

AWKWARD: dict[str, tuple[bytes | None, str | None, str | None]] = {
    "plain": (PLAIN, None, None),
    "no value at all": (None, "malformed_json", None),
    "empty": (b"", "malformed_json", None),
    "white space": (b" \n\t", "malformed_json", None),
    "cut off": (PLAIN[:-1], "malformed_json", None),
    "text after it": (PLAIN + b" x", "malformed_json", None),
    "a second object after it": (PLAIN + PLAIN, "malformed_json", None),
    "a second element after it": (PLAIN + b"," + PLAIN, "malformed_json", None),
    "closes the list it is read in": (PLAIN + b'],["', "malformed_json", None),
    "closes the list and opens one": (PLAIN + b",{}]//", "malformed_json", None),
    "in a list": (b"[" + PLAIN + b"]", "malformed_json", None),
    "a number": (b"5", "malformed_json", None),
    "null": (b"null", "malformed_json", None),
    "byte order mark": (b"\xef\xbb\xbf" + PLAIN, "malformed_json", None),
    "latin-1": (PLAIN.replace(b"l-1", b"l-\xe9"), "malformed_json", None),
    "encoded surrogate": (PLAIN.replace(b"l-1", b"l-\xed\xa0\x80"), "malformed_json", None),
    "nothing but zeros": (b"\0" * 100, "malformed_json", None),
    "single quotes": (PLAIN.replace(b'"', b"'"), "malformed_json", None),
    "NaN": (PLAIN.replace(b"201500", b"NaN"), "malformed_json", None),
    "leading zero": (PLAIN.replace(b"201500", b"0201500"), "malformed_json", None),
    "comment": (PLAIN + b"/* */", "malformed_json", None),
    "nested too deep": (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "malformed_json", None),
    "one byte too many": (PLAIN + b" " * (MAX_RECORD_BYTES + 1 - len(PLAIN)), "oversized", None),
    "as large as allowed": (PLAIN + b" " * (MAX_RECORD_BYTES - len(PLAIN)), None, None),
    "no fields": (b"{}", "missing_field", "event_type"),
    "1e400": (PLAIN.replace(b"201500", b"1e400"), "impossible_value", "ms_played"),
    "two to the seventieth": (PLAIN.replace(b"201500", str(2**70).encode()), "impossible_value", "ms_played"),
    "fifty digits": (PLAIN.replace(b"201500", b"9" * 50), "impossible_value", "ms_played"),
    "minus zero": (PLAIN.replace(b"201500", b"-0"), None, None),
    "a number as text": (PLAIN.replace(b"201500", b'"201500"'), "wrong_type", "ms_played"),
    "a text as number": (PLAIN.replace(b'"l-1"', b"17"), "wrong_type", "listener_id"),
    "a boolean as text": (PLAIN.replace(b'"shuffle":false', b'"shuffle":"false"'), "wrong_type", "shuffle"),
    "an object as text": (PLAIN.replace(b'"l-1"', b'{"a":1}'), "wrong_type", "listener_id"),
    "line break at the end": (PLAIN.replace(b'"SE"', b'"SE\\n"'), "invalid_value", "country"),
    "no such day": (PLAIN.replace(b"2026-01-05T08", b"2026-02-30T08"), "invalid_value", "occurred_at"),
    "24 o'clock": (PLAIN.replace(b"T08:15:30", b"T24:00:00"), "invalid_value", "occurred_at"),
    "wrong, then right": (PLAIN.replace(b'"ms_played"', b'"ms_played":-1,"ms_played"'), None, None),
    "right, then wrong": (PLAIN[:-1] + b',"ms_played":-1}', "impossible_value", "ms_played"),
    "another type's field": (PLAIN[:-1] + b',"position":"first"}', None, None),
}  # fmt: skip


@pytest.fixture(scope="module")
def awkward(spark: SparkSession) -> dict[str, Row]:
    rows = classified(spark, [value for value, _, _ in AWKWARD.values()])
    return dict(zip(AWKWARD, rows, strict=True))


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_bytes(awkward: dict[str, Row], name: str) -> None:
    _, code, field = AWKWARD[name]
    row = awkward[name]
    assert (row.reason_code, row.field) == (code, field)
    assert (row.reason is None) == (code is None)


def test_a_field_of_another_type_is_left_out(spark: SparkSession) -> None:
    (row,) = classified(spark, [compact_json({**LIKED, "ms_played": 5})])
    assert row.reason_code is None
    assert row.ms_played is None


def test_sentences_name_the_field_and_the_value(spark: SparkSession) -> None:
    broken = [
        {**PLAYED, "ms_played": -5},
        {**PLAYED, "ms_played": 1.5},
        {**PLAYED, "device": "toaster"},
        {**PLAYED, "country": None},
        {**PLAYED, "event_type": "track_eaten"},
        {**PLAYED, "schema_version": 2},
        {**PLAYED, "sent_at": "2026-01-05T10:00:00Z"},
    ]
    assert [row.reason for row in classified(spark, [compact_json(one) for one in broken])] == [
        "ms_played is -5; it must be between 0 and 86400000",
        "ms_played is 1.5, a fraction; it must be a whole number",
        'device is "toaster"; it must be one of mobile, desktop, web, speaker, tv, car',
        "country is null",
        'event_type is "track_eaten"; known are track_played, track_skipped, track_liked, playlist_created,'
        " playlist_track_added",
        "schema_version is 2; this platform reads 1",
        "sent_at is 2026-01-05T10:00:00Z; the record arrived before 2026-01-05T09:00:00.000Z",
    ]


def test_both_ways_give_the_same_event(spark: SparkSession) -> None:
    """A record in plain form is settled at first look, the same with a space before it goes the long way."""
    plain, spaced = classified(spark, [PLAIN, b" " + PLAIN])
    apart = ("record_value", "record_hash", "kafka_offset")
    assert {k: v for k, v in plain.asDict().items() if k not in apart} == {
        k: v for k, v in spaced.asDict().items() if k not in apart
    }
