"""Records for tests: valid events, and frames of bytes as they come from Kafka."""

import json
from datetime import UTC, datetime
from typing import Any

from pyspark.sql import DataFrame, Row, SparkSession

from reprise_spark.classify import classify
from reprise_spark.content_hash import record_hash

WINDOW_START = datetime(2026, 1, 5, 8, tzinfo=UTC)
WINDOW_END = datetime(2026, 1, 5, 9, tzinfo=UTC)

PLAYED: dict[str, Any] = {
    "event_type": "track_played",
    "event_id": "0b1c9d3e-5f27-4a8b-9c6d-7e8f90a1b2c3",
    "schema_version": 1,
    "occurred_at": "2026-01-05T08:15:30.125Z",
    "sent_at": "2026-01-05T08:15:31.002Z",
    "listener_id": "l-1",
    "session_id": "s-1",
    "device": "mobile",
    "country": "SE",
    "source": "synthetic",
    "track_id": "t-1",
    "ms_played": 201_500,
    "reason_start": "trackdone",
    "reason_end": "trackdone",
    "shuffle": False,
    "offline": False,
    "context": "radio",
}

LIKED: dict[str, Any] = {
    **{key: value for key, value in PLAYED.items() if key not in
       ("ms_played", "reason_start", "reason_end", "shuffle", "offline")},
    "event_type": "track_liked",
}  # fmt: skip


def compact_json(event: dict[str, Any]) -> bytes:
    """As producers write it: without white space."""
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()


def event_id(number: int) -> str:
    return f"0b1c9d3e-5f27-4a8b-9c6d-{number:012x}"


def raw_frame(spark: SparkSession, values: list[bytes | None]) -> DataFrame:
    """Records of one partition, in the order given, with the columns of `raw`."""
    rows: list[tuple[Any, ...]] = [
        (
            WINDOW_START,
            "events",
            0,
            offset,
            WINDOW_START,
            None,
            None if value is None else bytearray(value),
            [],
        )
        for offset, value in enumerate(values)
    ]
    frame = spark.createDataFrame(
        rows,
        "window_start timestamp, kafka_topic string, kafka_partition int, kafka_offset bigint,"
        " kafka_timestamp timestamp, record_key binary, record_value binary,"
        " headers array<struct<key string, value binary>>",
    )
    return frame.withColumn("record_hash", record_hash(frame["record_value"]))


def classified(spark: SparkSession, values: list[bytes | None]) -> list[Row]:
    """What each of the values is, in their order."""
    return classify(raw_frame(spark, values), WINDOW_END).orderBy("kafka_offset").collect()
