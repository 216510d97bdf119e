"""From classified records to the rows of the lake's tables; pure transforms, one a table."""

import json
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from reprise_spark.contracts import table_schema
from reprise_spark.failures import JobFailure

DUPLICATE_REASON = "duplicate_event"


def repeated_ids(classified: DataFrame) -> DataFrame:
    """The event_ids that stand more than once among the valid records, with the place of the first of
    them."""
    place = F.struct("kafka_partition", "kafka_offset")
    return (
        classified.where(F.col("reason_code").isNull())
        .groupBy("event_id")
        .agg(F.min(place).alias("_first"), F.count("*").alias("_times"))
        .where(F.col("_times") > 1)
        .select("event_id", "_first")
    )


def set_duplicates_aside(classified: DataFrame, repeated: DataFrame) -> DataFrame:
    """Gives every valid record but the first of its event_id the reason `duplicate_event`.

    First by partition and offset: the same records always leave the same one standing.
    """
    return _set_aside(classified.join(repeated, on="event_id", how="left"))


def set_places_aside(classified: DataFrame, repeats: DataFrame) -> DataFrame:
    """As `set_duplicates_aside`, for records that are named by partition and offset, with the place of their
    first."""
    return _set_aside(classified.join(repeats, on=["kafka_partition", "kafka_offset"], how="left"))


def _set_aside(known: DataFrame) -> DataFrame:
    place = F.struct("kafka_partition", "kafka_offset")
    is_repeat = F.col("reason_code").isNull() & F.col("_first").isNotNull() & (place != F.col("_first"))
    first = F.col("_first")
    sentence = F.concat(
        F.lit("event_id "),
        F.col("event_id"),
        F.lit(" had arrived already, at offset "),
        first["kafka_offset"].cast("string"),
        F.lit(" of partition "),
        first["kafka_partition"].cast("string"),
    )
    return known.withColumns(
        {
            "reason_code": F.when(is_repeat, DUPLICATE_REASON).otherwise(F.col("reason_code")),
            "field": F.when(is_repeat, "event_id").otherwise(F.col("field")),
            "reason": F.when(is_repeat, sentence).otherwise(F.col("reason")),
        }
    ).drop("_first")


def catalogue_columns() -> list[str]:
    """Names and types of a track's fields, as SQL has them."""
    events = table_schema("events")
    names = events.fieldNames()
    attributes = names[names.index("track_title") : names.index("kafka_partition")]
    return ["track_id string", *(f"{name} {events[name].dataType.simpleString()}" for name in attributes)]


def read_catalogue(spark: SparkSession, file: Path | None) -> DataFrame:
    """The tracks of the catalogue; none when there is no file.

    Read by the driver: the file is on its disk alone. A track that stands twice would double its events, so
    the first counts.
    """
    tracks: dict[str, str] = {}
    # Not by splitlines, which also breaks a line at separators that a title may hold.
    for line in [] if file is None else filter(None, file.read_text(encoding="utf-8").split("\n")):
        try:
            tracks.setdefault(json.loads(line)["track_id"], line)
        except (ValueError, KeyError, TypeError) as error:
            raise JobFailure("InvalidInput", f"{file} has a line that is no track: {error!r}") from error
    lines = spark.createDataFrame([(line,) for line in tracks.values()], "line string")
    return lines.select(F.from_json("line", ", ".join(catalogue_columns())).alias("track")).select("track.*")


def raw_rows(records: DataFrame) -> DataFrame:
    return records.select(*table_schema("raw").fieldNames())


def event_rows(settled: DataFrame, catalogue: DataFrame) -> DataFrame:
    """Valid, distinct events with the attributes of their track; those are null when the catalogue lacks
    it."""
    # Bounded by the tracks there are: ten million events mention some 300,000, which a driver of 1 GB bears.
    return (
        settled.where(F.col("reason_code").isNull())
        .join(F.broadcast(catalogue), on="track_id", how="left")
        .select(*table_schema("events").fieldNames())
    )


def quarantine_rows(settled: DataFrame) -> DataFrame:
    """Every record that did not become an event, byte for byte, with the reason."""
    return settled.where(F.col("reason_code").isNotNull()).select(*table_schema("quarantine").fieldNames())


def minute_rows(settled: DataFrame) -> DataFrame:
    """Events and milliseconds played by minute, type, country and device."""
    return (
        settled.where(F.col("reason_code").isNull())
        .withColumn("minute", F.date_trunc("minute", "occurred_at"))
        .groupBy("window_start", "minute", "event_type", "country", "device")
        .agg(
            F.count("*").alias("events"),
            F.coalesce(F.sum("ms_played"), F.lit(0)).cast("bigint").alias("ms_played"),
        )
        .select(*table_schema("minute_counts").fieldNames())
    )
