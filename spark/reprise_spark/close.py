"""The close job: an hour that the resident stream has filled gets what only a whole hour can have.

The stream has brought every record into `raw`, `events` and `quarantine`; the minute counts are made here,
from the events, and the account is drawn up as ingest does. Of several events with one id the stream lets the
one stand that it has met first; ingest lets the first by partition and offset. Where the two are not the same
record, and wherever else the tables do not bear out that rule, the hour is settled once more from `raw`: so
an hour holds the same rows whether it was streamed or ingested.
"""

from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.storagelevel import StorageLevel

from reprise_spark.account import record_account, tallies
from reprise_spark.classify import classify
from reprise_spark.content_hash import record_hash
from reprise_spark.contracts import LAKE_TABLES
from reprise_spark.lake import (
    ensure_tables,
    iceberg_table,
    replace_window,
    table_name,
    table_version,
    window_rows,
)
from reprise_spark.preflight import require_access, require_object_store
from reprise_spark.progress import Progress
from reprise_spark.report import write_report
from reprise_spark.session import start_session
from reprise_spark.shape import (
    DUPLICATE_REASON,
    event_rows,
    minute_rows,
    quarantine_rows,
    read_catalogue,
    repeated_ids,
    set_duplicates_aside,
)
from reprise_spark.spec import CloseSpec

PHASES = ("start", "settle", "write minute_counts", "count")


def _place() -> Column:
    return F.struct("kafka_partition", "kafka_offset")


def unsettled_ids(events: DataFrame, quarantine: DataFrame) -> DataFrame:
    """The event_ids of which not exactly the first by partition and offset is an event."""
    standing = events.groupBy("event_id").agg(F.min(_place()).alias("_first"), F.count("*").alias("_times"))
    repeats = (
        quarantine.where(F.col("reason_code") == DUPLICATE_REASON)
        .groupBy("event_id")
        .agg(F.min(_place()).alias("_repeat"))
    )
    settled = (F.col("_times") == 1) & (F.col("_repeat").isNull() | (F.col("_first") < F.col("_repeat")))
    return (
        standing.join(repeats, on="event_id", how="full")
        .where(~F.coalesce(settled, F.lit(False)))
        .select("event_id")
    )


def settle_again(spark: SparkSession, spec: CloseSpec, names: dict[str, str]) -> None:
    """Replaces the hour's events and quarantine by what its records are, as ingest sees it."""
    records = window_rows(spark, names["raw"], spec.window_start).withColumn(
        "record_hash", record_hash(F.col("record_value"))
    )
    classified = classify(records, spec.window_end).persist(StorageLevel.MEMORY_AND_DISK)
    settled = set_duplicates_aside(classified, repeated_ids(classified))
    summary = {"reprise.window": spec.window}
    catalogue = read_catalogue(spark, spec.catalogue_file)
    replace_window(event_rows(settled, catalogue), names["events"], spec.window_start, summary)
    replace_window(quarantine_rows(settled).coalesce(1), names["quarantine"], spec.window_start, summary)
    classified.unpersist()


def close(spark: SparkSession, spec: CloseSpec, progress: Progress) -> None:
    names = {table: table_name(spec.lake, table) for table in LAKE_TABLES}

    def rows(table: str) -> DataFrame:
        return window_rows(spark, names[table], spec.window_start)

    summary = {"reprise.window": spec.window}
    with progress.phase("settle"):
        # No table: an hour in which nothing has arrived, of a lake that has never held anything.
        ensure_tables(spark, spec.lake, LAKE_TABLES)
        for table in ("raw", "events", "quarantine"):
            # The stream commits nothing where it has nothing, and a table without a commit has no version.
            if iceberg_table(spark, names[table]).currentSnapshot() is None:
                replace_window(rows(table), names[table], spec.window_start, summary)
        if not unsettled_ids(rows("events"), rows("quarantine")).isEmpty():
            settle_again(spark, spec, names)
    with progress.phase("write minute_counts"):
        events = rows("events").withColumn("reason_code", F.lit(None).cast("string"))
        replace_window(minute_rows(events).coalesce(1), names["minute_counts"], spec.window_start, summary)
    with progress.phase("count"):
        counted = tallies(spark, spec.lake, spec.window_start, LAKE_TABLES)
        report: dict[str, Any] = {
            "window": spec.window,
            "account": record_account(counted["raw"], counted["events"], counted["quarantine"]),
            "minute_rows": counted["minute_counts"].total,
            "tables": {table: table_version(spark, name) for table, name in names.items()},
        }
    progress.finished()
    write_report(spec.report_file, {**report, "seconds": progress.seconds})


def run(spec: CloseSpec) -> None:
    progress = Progress(PHASES)
    with progress.phase("start"):
        require_object_store(spec.lake)
        spark = start_session(f"close {spec.window}", spec.lake)
    try:
        require_access(spark, spec.lake)
        close(spark, spec, progress)
    finally:
        spark.stop()
