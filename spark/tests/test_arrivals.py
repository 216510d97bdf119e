"""Which of Kafka's records belong to the window."""

from datetime import timedelta
from pathlib import Path

from pyspark.sql import SparkSession
from records import WINDOW_END, WINDOW_START

from reprise_spark.arrivals import KAFKA_SCHEMA, partition_bounds, read_ranges, vouched_for
from reprise_spark.spec import IngestSpec, LakeAccess, OffsetRange, Receipt

WINDOW = "2026-01-05T08:00Z"


def receipt(shard: int, content_hash: str, *ranges: OffsetRange, records: int = 1) -> Receipt:
    return Receipt(WINDOW, shard, "events", ranges, records, content_hash)


def spec(*receipts: Receipt) -> IngestSpec:
    lake = LakeAccess("lake", "jdbc:sqlite:unused", "s3://bucket/lake", "http://127.0.0.1:1", "listening")
    return IngestSpec(
        window=WINDOW,
        window_start=WINDOW_START,
        window_end=WINDOW_END,
        lake=lake,
        report_file=Path("report.json"),
        brokers="127.0.0.1:1",
        topic="events",
        receipts=receipts,
        catalogue_file=None,
    )


def headers(window: str, shard: str, publication: str) -> list[tuple[str, bytearray]]:
    named = {"window": window, "shard": shard, "publication": publication}
    return [(name, bytearray(text.encode())) for name, text in named.items()]


def test_only_what_a_receipt_vouches_for_is_kept(spark: SparkSession) -> None:
    mine = headers(WINDOW, "0", "aa")
    kept = {
        (0, 10): mine,
        (0, 12): mine,
        (1, 7): headers(WINDOW, "1", "bb"),
        (0, 14): [("window", bytearray(b"2020-01-01T00:00Z")), *mine],
    }
    left = {
        (0, 9): mine,
        (0, 15): mine,
        (0, 11): headers("2026-01-05T09:00Z", "0", "aa"),
        (0, 13): headers(WINDOW, "0", "an earlier publication"),
        (1, 8): headers(WINDOW, "0", "aa"),
        (1, 6): [],
        (1, 5): None,
    }
    rows = [
        (None, bytearray(b"{}"), "events", partition, offset, WINDOW_START, 0, found)
        for (partition, offset), found in {**kept, **left}.items()
    ]
    window = spec(
        receipt(0, "aa", OffsetRange(0, 10, 14)),
        receipt(1, "bb", OffsetRange(1, 5, 9)),
    )
    arrived = vouched_for(spark.createDataFrame(rows, KAFKA_SCHEMA), window)
    assert {(row.kafka_partition, row.kafka_offset) for row in arrived.collect()} == set(kept)


def test_of_a_live_hour_all_is_kept_that_arrived_in_it_by_itself(spark: SparkSession) -> None:
    inside, last = WINDOW_START, WINDOW_END - timedelta(milliseconds=1)
    rows = [
        (partition, offset, at, found)
        for (partition, offset), (at, found) in {
            (0, 10): (inside, None),
            (0, 11): (inside, headers(WINDOW, "0", "aa")),
            (0, 12): (inside, [("trace", bytearray(b"x"))]),
            (0, 13): (last, []),
            (0, 14): (last, [("window", None)]),
            (1, 5): (WINDOW_END, None),
            (1, 6): (WINDOW_START - timedelta(milliseconds=1), None),
            (2, 1): (inside, None),
            (0, 9): (inside, None),
        }.items()
    ]
    kafka = spark.createDataFrame(
        [(None, bytearray(b"{}"), "events", *row[:3], 0, row[3]) for row in rows], KAFKA_SCHEMA
    )
    live = Receipt(WINDOW, 0, "events", (OffsetRange(0, 10, 14), OffsetRange(1, 5, 9)), 3, "aa", is_live=True)
    arrived = vouched_for(kafka, spec(live))
    assert {(row.kafka_partition, row.kafka_offset) for row in arrived.collect()} == {
        (0, 10),
        (0, 12),
        (0, 13),
    }


def test_a_window_without_receipts_is_empty(spark: SparkSession) -> None:
    nothing = spec()
    assert vouched_for(read_ranges(spark, nothing), nothing).count() == 0
    assert nothing.expected_records == 0


def test_bounds_span_the_receipts() -> None:
    receipts = [
        receipt(0, "aa", OffsetRange(0, 10, 14), OffsetRange(1, 3, 3)),
        receipt(1, "bb", OffsetRange(0, 5, 12)),
        receipt(2, "cc"),
    ]
    assert partition_bounds(receipts) == {0: (5, 14), 1: (3, 3)}
