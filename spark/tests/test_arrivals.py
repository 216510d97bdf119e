"""Which of Kafka's records belong to the window."""

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
