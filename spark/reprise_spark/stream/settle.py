"""Which of a batch's records are events: classified by the window path's rules, repeated ids set aside."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from reprise_spark.classify import classify
from reprise_spark.lake import window_rows
from reprise_spark.shape import set_places_aside
from reprise_spark.stream.seen_ids import Repeat
from reprise_spark.stream.source import Offsets


def classified_records(records: DataFrame) -> DataFrame:
    """Each record by the hour in which it arrived: a batch may span two."""
    return classify(records, F.col("window_start") + F.expr("INTERVAL 1 HOUR"))


def packed_entry() -> Column:
    """Hour, event_id, partition and offset in 32 bytes, in an order in which bytes compare as numbers.

    Thousands of ids a second go to the driver, and a row object for each would cost more than to judge it.
    """

    def big_endian(number: Column, digits: int) -> Column:
        return F.lpad(F.hex(number.cast("bigint")), digits, "0")

    hour = (F.unix_seconds("window_start") / 3600).cast("bigint")
    return F.unhex(
        F.concat(
            big_endian(hour, 8),
            F.replace(F.col("event_id"), F.lit("-"), F.lit("")),
            big_endian(F.col("kafka_partition"), 8),
            big_endian(F.col("kafka_offset"), 16),
        )
    )


@dataclass(frozen=True)
class Arrived:
    """A batch before anything is set aside."""

    records: int
    valid: int
    windows: tuple[datetime, ...]
    newest: datetime | None
    """Arrival of the last record."""
    sent: tuple[int, ...]
    """Milliseconds since the epoch at which the median, the slowest twentieth and the slowest valid record
    were sent; empty without any."""
    packed: bytes
    tracks: tuple[str, ...]
    """Ids of the tracks that are spoken of."""


@cache
def _figures() -> list[Column]:
    """Made once: a column is a dozen calls into the JVM."""
    is_valid = F.col("reason_code").isNull()
    sent = F.when(is_valid, F.unix_millis("sent_at"))
    return [
        F.count("*").alias("records"),
        F.count_if(is_valid).alias("valid"),
        F.collect_set(F.unix_seconds("window_start")).alias("windows"),
        F.max(F.unix_micros("kafka_timestamp")).alias("newest"),
        F.percentile_approx(sent, [0.5, 0.05]).alias("sent"),
        F.min(sent).alias("slowest"),
        F.listagg(F.when(is_valid, packed_entry())).alias("packed"),
        F.collect_set(F.when(is_valid, F.col("track_id"))).alias("tracks"),
    ]


def arrived(classified: DataFrame) -> Arrived:
    row = classified.agg(*_figures()).collect()[0]
    return Arrived(
        records=row.records,
        valid=row.valid,
        windows=tuple(datetime.fromtimestamp(at, UTC) for at in sorted(row.windows)),
        newest=None if row.newest is None else datetime.fromtimestamp(row.newest / 1_000_000, UTC),
        sent=() if row.sent is None else (*row.sent, row.slowest),
        packed=bytes(row.packed or b""),
        tracks=tuple(row.tracks),
    )


def settled(classified: DataFrame, repeats: list[Repeat]) -> DataFrame:
    """The records with the repeated ones set aside as the window path does."""
    if not repeats:
        return classified
    places = json.dumps([[*repeat.place, *repeat.first] for repeat in repeats])
    found = classified.sparkSession.range(1).select(
        F.explode(F.from_json(F.lit(places), "array<array<bigint>>")).alias("at")
    )
    return set_places_aside(
        classified,
        F.broadcast(
            found.select(
                F.col("at")[0].cast("int").alias("kafka_partition"),
                F.col("at")[1].alias("kafka_offset"),
                F.struct(
                    F.col("at")[2].cast("int").alias("kafka_partition"), F.col("at")[3].alias("kafka_offset")
                ).alias("_first"),
            )
        ),
    )


def lake_entries(spark: SparkSession, events: str, before: Offsets, hour: int) -> Iterator[bytes]:
    """Packed entries of the window's events that lie below the offsets, in portions."""
    known = F.create_map(*[F.lit(one) for pair in before.items() for one in pair]) if before else None
    limit = F.lit(0) if known is None else F.coalesce(F.try_element_at(known, "kafka_partition"), F.lit(0))
    window_start = datetime.fromtimestamp(hour * 3600, UTC)
    rows = window_rows(spark, events, window_start).where(F.col("kafka_offset") < limit)
    by_portion = rows.groupBy(F.expr("kafka_offset div 100000").alias("portion"), "kafka_partition")
    for row in by_portion.agg(F.listagg(packed_entry()).alias("packed")).toLocalIterator():
        yield bytes(row.packed)
