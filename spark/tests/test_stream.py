"""The stream against a real broker and real tables: every live record once, by the window path's rules."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from broker import Sent, Topic
from live_records import AT, played, sent
from live_stream import LiveStream
from pyspark.sql import SparkSession
from records import WINDOW_END, WINDOW_START, event_id

from reprise_spark.contracts import LAKE_TABLES
from reprise_spark.ingest import PHASES, ingest
from reprise_spark.lake import ensure_tables, table_name
from reprise_spark.progress import Progress
from reprise_spark.spec import IngestSpec, LakeAccess, OffsetRange, Receipt

POISON = [
    Sent(None, AT),
    Sent(b"", AT),
    Sent(b"\xff\xfe\x00", AT, 1),
    Sent(played(900)[:-1], AT),
    Sent(played(901, schema_version=2), AT),
    Sent(played(902, occurred_at="2026-01-06T08:15:00Z", sent_at="2026-01-06T08:15:01Z"), AT),
    Sent(played(903, ms_played=-1), AT, 1),
    Sent(b" " * 70_000, AT),
]


def mixed() -> list[Sent]:
    """Events and poison, repeats near and far, and some that happened hours before."""
    records = [sent(number, number % 2, number) for number in range(40)]
    records += [sent(7, 1, 41), sent(8, 0, 42, ms_played=5), sent(7, 1, 43)]
    records += [sent(100 + one, 0, 44, occurred_at=f"2026-01-05T0{one}:59:59.5Z") for one in range(6)]
    return [*records, *POISON]


def test_a_stream_leaves_the_rows_that_ingest_leaves(
    stream: LiveStream, topic: Topic, lake: LakeAccess, tmp_path: Path
) -> None:
    stream.max_records = 20
    topic.send(mixed())
    stream.drain()
    stream.assert_whole(len(mixed()))
    other = LakeAccess(**{**vars(lake), "namespace": f"{lake.namespace}_ingested"})
    ranges = tuple(OffsetRange(partition, 0, 1_000) for partition in (0, 1))
    receipt = Receipt("2026-01-05T08:00Z", 0, stream.topic.name, ranges, len(mixed()), "0" * 16, is_live=True)
    spec = IngestSpec(
        "2026-01-05T08:00Z", WINDOW_START, WINDOW_END, other, tmp_path / "report.json",
        stream.topic.brokers, stream.topic.name, (receipt,), stream.catalogue_file,
    )  # fmt: skip
    ensure_tables(stream.spark, other, LAKE_TABLES)
    # Not by the receipt's ranges, which the topic does not reach: the rows are what is compared.
    report = ingested(stream.spark, spec, stream)
    assert report["account"]["duplicates"]["total"] == 3
    for table in ("raw", "events", "quarantine"):
        streamed = sorted(map(str, stream.rows(table)))
        assert streamed == sorted(map(str, stream.spark.table(table_name(other, table)).collect())), table
    assert {row.genre for row in stream.rows("events")} == {"jazz"}


def ingested(spark: SparkSession, spec: IngestSpec, stream: LiveStream) -> dict[str, Any]:
    ends = {one: max(at for p, at in stream.places("raw") if p == one) for one in (0, 1)}
    (receipt,) = spec.receipts
    ranges = tuple(OffsetRange(one, 0, last) for one, last in ends.items())
    exact = Receipt(
        receipt.window, 0, receipt.topic, ranges, receipt.records, receipt.content_hash, is_live=True
    )
    ingest(spark, IngestSpec(**{**vars(spec), "receipts": (exact,)}), Progress(PHASES))
    found: dict[str, Any] = json.loads(spec.report_file.read_text())
    return found


def test_what_cannot_be_read_is_set_aside_and_the_stream_goes_on(stream: LiveStream, topic: Topic) -> None:
    topic.send([*POISON, sent(1)])
    stream.drain()
    stream.assert_whole(len(POISON) + 1)
    assert sorted(stream.reasons().values()) == [
        *["impossible_value", "malformed_json", "malformed_json", "malformed_json", "malformed_json"],
        *["oversized", "time_in_future", "unsupported_version"],
    ]
    assert stream.now(
        "select reason_code, records from quarantine_minutes where reason_code = 'oversized'"
    ) == [("oversized", 1)]


def test_records_over_the_edge_of_an_hour_lie_in_two_windows(stream: LiveStream, topic: Topic) -> None:
    edge = timedelta(milliseconds=1)
    # An event of 09:04 is of the future for the hour that ends at 08:59:59.999, and not for the next.
    soon = {"occurred_at": "2026-01-05T09:06:00Z", "sent_at": "2026-01-05T09:06:00Z"}
    topic.send(
        [
            Sent(played(1), WINDOW_END - edge),
            Sent(played(2, **soon), WINDOW_END - edge),
            Sent(played(1), WINDOW_END, 1),
            Sent(played(2, **soon), WINDOW_END, 1),
        ]
    )
    stream.drain()
    stream.assert_whole(4)
    hours = sorted((row.window_start.hour, row.event_id) for row in stream.rows("events"))
    assert hours == [(8, event_id(1)), (9, event_id(1)), (9, event_id(2))]
    assert list(stream.reasons().values()) == ["time_in_future"]


def test_repeats_in_a_batch_across_batches_and_across_a_restart(stream: LiveStream, topic: Topic) -> None:
    topic.send([sent(1), sent(1, 1), sent(2), sent(1)])
    stream.drain()
    topic.send([sent(2, 1), sent(3)])
    stream.drain()
    topic.send([sent(1), sent(3, 1), sent(4)])
    stream.drain()
    stream.assert_whole(9)
    assert sorted(row.event_id for row in stream.rows("events")) == [event_id(one) for one in range(1, 5)]
    assert set(stream.reasons().values()) == {"duplicate_event"}
    assert stream.plays() == 4
    assert stream.now("select sum(records), sum(duplicates) from batches") == [(9, 5)]


def test_records_of_a_window_run_are_left_alone(stream: LiveStream, topic: Topic) -> None:
    of_a_window = Sent(played(1), AT, headers=(("window", b"2026-01-05T08:00Z"),))
    topic.send([of_a_window, sent(2), Sent(played(3), AT, headers=(("trace", b"x"),)), of_a_window])
    stream.drain()
    assert stream.places("raw") == {(0, 1): 1, (0, 2): 1}
    topic.send([of_a_window])
    stream.drain()
    stream.assert_whole(2)


def test_events_that_come_hours_late_are_in_the_lake_and_counted_apart(
    stream: LiveStream, topic: Topic
) -> None:
    topic.send([sent(1, after=0, occurred_at="2026-01-05T08:16:00Z")])
    stream.drain()
    topic.send([sent(2, after=60, occurred_at="2026-01-05T02:16:00Z")])
    stream.drain()
    stream.assert_whole(2)
    assert len(stream.rows("events")) == 2
    assert stream.now("select events from late_minutes") == [(1,)]
    assert stream.plays() == 2


def test_an_empty_topic_ends_as_well(stream: LiveStream, capsys: pytest.CaptureFixture[str]) -> None:
    stream.drain()
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("progress ")]
    told = [json.loads(line.removeprefix("progress ")) for line in lines]
    assert [one["offsets"] for one in told] == [{"0": "0", "1": "0"}] * 2
