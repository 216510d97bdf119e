"""A batch is in each table once: the commit names the batch, and is looked for before it is made."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from reprise_spark.lake import iceberg_table
from reprise_spark.stream.source import Offsets, offsets_json

STREAM, QUERY, BATCH, OFFSETS = "reprise.stream", "reprise.query", "reprise.batch", "reprise.offsets"


@dataclass(frozen=True)
class Batch:
    stream: str
    query: str
    """Id of the checkpoint: with another one, batches are counted from 0 again."""
    number: int
    begin: Offsets
    end: Offsets


def _history(table: Any) -> Iterator[Any]:
    """Snapshots from the newest back; None stands for those that are not kept any more."""
    snapshot = table.currentSnapshot()
    while snapshot is not None:
        yield snapshot
        parent = snapshot.parentId()
        if parent is None:
            return
        snapshot = table.snapshot(parent)
    if table.currentSnapshot() is not None:
        yield None


def last_commit(spark: SparkSession, name: str, stream: str) -> Mapping[str, str] | None:
    """What the stream's newest commit of the table says.

    Others commit in between (compaction, windows): they are passed over.
    """
    for snapshot in _history(iceberg_table(spark, name)):
        if snapshot is not None and snapshot.summary().get(STREAM) == stream:
            return {key: snapshot.summary().get(key) for key in (QUERY, BATCH, OFFSETS)}
    return None


def is_committed(spark: SparkSession, name: str, batch: Batch, rows: DataFrame) -> bool:
    """Whether the table has the batch, of which these are its rows."""
    found = last_commit(spark, name, batch.stream)
    if found is not None:
        return found[QUERY] == batch.query and int(found[BATCH]) >= batch.number
    if None not in _history(iceberg_table(spark, name)):
        return False
    # Whoever let go of old snapshots may have let go of the one that would tell: then the rows themselves do.
    hours = [row.window_start for row in rows.select("window_start").distinct().collect()]
    there = spark.table(name).where(F.col("window_start").isin(hours))
    places = ["window_start", "kafka_partition", "kafka_offset"]
    return not rows.join(there.select(*places), on=places, how="left_semi").isEmpty()


def append(rows: DataFrame, name: str, topic: str, batch: Batch) -> None:
    """One commit, also of nothing: that a table lacks the commit must mean that it lacks the rows."""
    writer = rows.writeTo(name)
    for key, value in {
        STREAM: batch.stream,
        QUERY: batch.query,
        BATCH: str(batch.number),
        OFFSETS: offsets_json(topic, batch.end),
    }.items():
        writer = writer.option(f"snapshot-property.{key}", value)
    writer.append()
