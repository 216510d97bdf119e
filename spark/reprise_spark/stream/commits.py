"""A batch is in each table once: the commit names the batch, and is looked for before it is made."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, SparkSession

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


def _last_commit(table: Any, stream: str) -> Mapping[str, str] | None:
    """What the stream's newest commit of the table says; nothing is looked for behind it.

    Others commit in between (compaction, windows): they are passed over.
    """
    snapshot = table.currentSnapshot()
    while snapshot is not None:
        summary = snapshot.summary()
        if summary.get(STREAM) == stream:
            return {name: summary.get(name) for name in (QUERY, BATCH, OFFSETS)}
        parent = snapshot.parentId()
        snapshot = None if parent is None else table.snapshot(parent)
    return None


def last_commit(spark: SparkSession, name: str, stream: str) -> Mapping[str, str] | None:
    return _last_commit(iceberg_table(spark, name), stream)


def is_committed(spark: SparkSession, name: str, batch: Batch) -> bool:
    found = last_commit(spark, name, batch.stream)
    return found is not None and found[QUERY] == batch.query and int(found[BATCH]) >= batch.number


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
