"""Records for tests: valid events, and frames of bytes as they come from Kafka."""

import json
from datetime import UTC, datetime
from typing import Any

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from reprise_spark.classify import classify
from reprise_spark.content_hash import record_hash
from reprise_spark.contracts import table_schema
from reprise_spark.lake import table_name
from reprise_spark.spec import LakeAccess

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


def small_commit(spark: SparkSession, lake: LakeAccess, window_start: datetime, number: int) -> None:
    """One record of the hour, committed to `raw` and to `events`, as a batch of the stream is."""
    offset = f"cast({number} AS bigint) AS kafka_offset"
    place = (
        f"'events' AS kafka_topic, 0 AS kafka_partition, {offset}, cast({number} AS bigint) AS record_hash"
    )
    start = f"timestamp '{window_start:%Y-%m-%d %H:%M:%S} UTC'"
    rows = {
        "raw": f"{start} AS kafka_timestamp, cast(NULL AS binary) AS record_key,"
        f" cast('{number}' AS binary) AS record_value,"
        " cast(NULL AS array<struct<key: string, value: binary>>) AS headers",
        "events": f"'track_liked' AS event_type, '{event_id(number)}' AS event_id, 1 AS schema_version,"
        f" {start} AS occurred_at, {start} AS sent_at, 'l-{number}' AS listener_id, 's' AS session_id,"
        " 'mobile' AS device, 'SE' AS country, 'client' AS source, 't' AS track_id",
    }
    for table, columns in rows.items():
        given = spark.sql(f"SELECT {start} AS window_start, {place}, {columns}")
        wanted = table_schema(table)
        frame = given.select(
            *[
                (F.col(field.name) if field.name in given.columns else F.lit(None))
                .cast(field.dataType)
                .alias(field.name)
                for field in wanted
            ]
        )
        frame.writeTo(table_name(lake, table)).append()
