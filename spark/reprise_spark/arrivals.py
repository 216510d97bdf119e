"""The records that a window's receipts vouch for, read from Kafka."""

import json
from collections.abc import Iterable

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from reprise_spark.content_hash import record_hash
from reprise_spark.spec import IngestSpec, Receipt

KAFKA_SCHEMA = (
    "key binary, value binary, topic string, partition int, offset bigint, timestamp timestamp,"
    " timestampType int, headers array<struct<key string, value binary>>"
)

RANGE_SCHEMA = "shard string, publication string, partition int, first bigint, last bigint"


def read_ranges(spark: SparkSession, spec: IngestSpec) -> DataFrame:
    """Everything committed between the lowest and the highest offset of the receipts, in Kafka's columns."""
    bounds = partition_bounds(spec.receipts)
    if not bounds:
        return spark.createDataFrame([], KAFKA_SCHEMA)

    def offsets(by_partition: dict[int, int]) -> str:
        return json.dumps({spec.topic: {str(one): at for one, at in by_partition.items()}})

    return (
        spark.read.format("kafka")
        .option("kafka.bootstrap.servers", spec.brokers)
        .option("assign", json.dumps({spec.topic: sorted(bounds)}))
        .option("startingOffsets", offsets({one: first for one, (first, _) in bounds.items()}))
        .option("endingOffsets", offsets({one: last + 1 for one, (_, last) in bounds.items()}))
        # A shard is one transaction: of a send that was given up, nothing is read.
        .option("kafka.isolation.level", "read_committed")
        .option("includeHeaders", "true")
        .option("failOnDataLoss", "true")
        # An unreachable broker is told in seconds; the workflow owns the retries.
        .option("kafka.default.api.timeout.ms", "20000")
        .option("kafka.request.timeout.ms", "15000")
        .load()
    )


def partition_bounds(receipts: Iterable[Receipt]) -> dict[int, tuple[int, int]]:
    """Lowest first and highest last offset by partition."""
    bounds: dict[int, tuple[int, int]] = {}
    for receipt in receipts:
        for one in receipt.ranges:
            first, last = bounds.get(one.partition, (one.first, one.last))
            bounds[one.partition] = (min(first, one.first), max(last, one.last))
    return bounds


def _header(name: str) -> Column:
    """Text of the last header of that name; null when there is none."""
    named = F.filter("headers", lambda header: header["key"] == name)
    return F.try_element_at(named, F.lit(-1))["value"].cast("string")


def vouched_for(kafka: DataFrame, spec: IngestSpec) -> DataFrame:
    """Of Kafka's records those on a receipt of the window, as the columns of `raw`."""
    is_live = any(receipt.is_live for receipt in spec.receipts)
    arrived = _by_themselves(kafka, spec) if is_live else _published(kafka, spec)
    return arrived.select(
        F.lit(spec.window_start).alias("window_start"),
        F.col("topic").alias("kafka_topic"),
        kafka["partition"].alias("kafka_partition"),
        kafka["offset"].alias("kafka_offset"),
        F.col("timestamp").alias("kafka_timestamp"),
        F.col("key").alias("record_key"),
        F.col("value").alias("record_value"),
        "headers",
        record_hash(F.col("value")).alias("record_hash"),
    )


def _ranges(kafka: DataFrame, spec: IngestSpec) -> DataFrame:
    rows = [
        (str(receipt.shard), receipt.content_hash, one.partition, one.first, one.last)
        for receipt in spec.receipts
        for one in receipt.ranges
    ]
    return F.broadcast(kafka.sparkSession.createDataFrame(rows, RANGE_SCHEMA))


def _published(kafka: DataFrame, spec: IngestSpec) -> DataFrame:
    """What was published for the window.

    Other windows, other publications of the same window and other shards may lie between: a record counts
    when its headers name the receipt and its offset lies in the receipt's range.
    """
    ranges = _ranges(kafka, spec)
    named = kafka.withColumns(
        {"_window": _header("window"), "_shard": _header("shard"), "_publication": _header("publication")}
    )
    on_receipt = (
        (F.col("_shard") == ranges["shard"])
        & (F.col("_publication") == ranges["publication"])
        & (kafka["partition"] == ranges["partition"])
        & kafka["offset"].between(ranges["first"], ranges["last"])
    )
    return named.where(F.col("_window") == spec.window).join(ranges, on=on_receipt, how="inner")


def _is_live() -> Column:
    """A record that no window run has published; it belongs to the hour of its timestamp."""
    of_a_window = F.exists("headers", lambda header: header["key"] == "window")
    return ~F.coalesce(of_a_window, F.lit(False))


def _by_themselves(kafka: DataFrame, spec: IngestSpec) -> DataFrame:
    """What arrived in the hour by itself; the records of window runs may lie between."""
    ranges = _ranges(kafka, spec)
    in_hour = (F.col("timestamp") >= spec.window_start) & (F.col("timestamp") < spec.window_end)
    on_receipt = (kafka["partition"] == ranges["partition"]) & kafka["offset"].between(
        ranges["first"], ranges["last"]
    )
    return kafka.where(_is_live() & in_hour).join(ranges, on=on_receipt, how="inner")
