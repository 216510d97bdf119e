"""The ingest job: a window's records from Kafka into `raw`, `events`, `quarantine` and `minute_counts`.

Each table's partition is replaced whole, so running it again, also after a run that was cut off between two
tables, leaves the same rows.
"""

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.storagelevel import StorageLevel

from reprise_spark.account import record_account, tallies
from reprise_spark.arrivals import read_ranges, vouched_for
from reprise_spark.classify import classify
from reprise_spark.contracts import LAKE_TABLES
from reprise_spark.failures import JobFailure
from reprise_spark.lake import ensure_tables, replace_window, table_name, table_version
from reprise_spark.preflight import require_access, require_kafka, require_object_store
from reprise_spark.progress import Progress
from reprise_spark.report import write_report
from reprise_spark.session import start_session
from reprise_spark.shape import (
    event_rows,
    minute_rows,
    quarantine_rows,
    raw_rows,
    read_catalogue,
    repeated_ids,
    set_duplicates_aside,
)
from reprise_spark.spec import IngestSpec

PHASES = (
    "start",
    "read",
    "write raw",
    "write events",
    "write quarantine",
    "write minute_counts",
    "count",
)

# Up to here a copy of the repeated ids in every task is cheaper than sending all records to meet them.
MAX_BROADCAST_IDS = 200_000


def _settle(classified: DataFrame) -> DataFrame:
    repeated = repeated_ids(classified).persist(StorageLevel.MEMORY_AND_DISK)
    few = repeated.count() <= MAX_BROADCAST_IDS
    return set_duplicates_aside(classified, F.broadcast(repeated) if few else repeated)


def _check_arrivals(spec: IngestSpec, arrived: int) -> None:
    """All that the receipts vouch for must be there: Kafka forgets by age, and a window with holes is no
    window."""
    if arrived != spec.expected_records:
        raise JobFailure(
            "DataQualityFailed",
            f"Kafka holds {arrived} of the {spec.expected_records} records on the receipts of {spec.window}; "
            "publish the window again",
        )


def ingest(spark: SparkSession, spec: IngestSpec, progress: Progress) -> None:
    names = {table: table_name(spec.lake, table) for table in LAKE_TABLES}
    summary = {"reprise.window": spec.window, "reprise.content-hash": spec.content_hash}

    def replace(table: str, rows: DataFrame) -> None:
        with progress.phase(f"write {table}"):
            replace_window(rows, names[table], spec.window_start, summary)

    with progress.phase("read"):
        ensure_tables(spark, spec.lake, LAKE_TABLES)
        # Kafka is read once; everything below comes from this copy, which spills to disk when it must. It
        # also stops the optimiser from pushing filters into the rules, which copies them until planning never
        # ends.
        classified = classify(vouched_for(read_ranges(spark, spec), spec), spec.window_end).persist(
            StorageLevel.MEMORY_AND_DISK
        )
        settled = _settle(classified)
        _check_arrivals(spec, classified.count())
        catalogue = read_catalogue(spark, spec.catalogue_file)
    replace("raw", raw_rows(classified))
    replace("events", event_rows(settled, catalogue))
    replace("quarantine", quarantine_rows(settled).coalesce(1))
    # A few thousand rows: one file.
    replace("minute_counts", minute_rows(settled).coalesce(1))
    with progress.phase("count"):
        counted = tallies(spark, spec.lake, spec.window_start, LAKE_TABLES)
        report = {
            "window": spec.window,
            "account": record_account(counted["raw"], counted["events"], counted["quarantine"]),
            "minute_rows": counted["minute_counts"].total,
            "tables": {table: table_version(spark, name) for table, name in names.items()},
        }
    progress.finished()
    write_report(spec.report_file, {**report, "seconds": progress.seconds})


def run(spec: IngestSpec) -> None:
    progress = Progress(PHASES)
    with progress.phase("start"):
        require_object_store(spec.lake)
        require_kafka(spec.brokers)
        spark = start_session(f"ingest {spec.window}", spec.lake)
    try:
        require_access(spark, spec.lake)
        ingest(spark, spec, progress)
    finally:
        spark.stop()
