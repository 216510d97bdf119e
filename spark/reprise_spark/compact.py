"""The compact job: rewrites a window's files into few sorted ones and lets go of old snapshots.

Rows do not change, and the job proves it: the content hash over `raw`, `events` and `quarantine` is
taken before and after.
"""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pyspark.sql import SparkSession

from reprise_spark.account import tallies
from reprise_spark.content_hash import combine_content_hashes
from reprise_spark.contracts import LAKE_TABLES
from reprise_spark.failures import JobFailure
from reprise_spark.lake import iceberg_table, table_name, table_version, window_data_files
from reprise_spark.preflight import require_access, require_object_store
from reprise_spark.progress import Progress
from reprise_spark.report import write_report
from reprise_spark.session import start_session
from reprise_spark.spec import WindowSpec

PHASES = ("start", "hash before", *(f"rewrite {table}" for table in LAKE_TABLES), "expire", "hash after")

# A reader, a replay or a person may still hold a version that a report of today names; one a commit keeps the
# last.
KEEP_SNAPSHOTS = 20
KEEP_FOR = timedelta(days=1)


@dataclass(frozen=True)
class Files:
    files: int
    bytes: int


def _window_files(spark: SparkSession, name: str, spec: WindowSpec) -> tuple[Files, bool]:
    """The window's data files, and whether every one of them is in the table's sort order."""
    sizes: list[int] = []
    is_sorted = True
    for file in window_data_files(spark, name, spec.window_start, spec.window_end):
        sizes.append(file.fileSizeInBytes())
        is_sorted = is_sorted and bool(file.sortOrderId())
    return Files(len(sizes), sum(sizes)), is_sorted


def _rewrite(spark: SparkSession, catalog: str, name: str, spec: WindowSpec) -> None:
    bounds = [
        at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC") for at in (spec.window_start, spec.window_end)
    ]
    condition = f"window_start >= TIMESTAMP '{bounds[0]}' AND window_start < TIMESTAMP '{bounds[1]}'"
    spark.sql(
        f"CALL {catalog}.system.rewrite_data_files(table => :name, strategy => 'sort', where => :condition,"
        " options => map('rewrite-all', 'true', 'max-concurrent-file-group-rewrites', '1'))",
        args={"name": name, "condition": condition},
    ).collect()


def _expire(spark: SparkSession, catalog: str, name: str) -> int:
    """Drops snapshots that are neither young nor among the newest, and the files that only they knew."""
    metadata = iceberg_table(spark, name)
    before: int = metadata.operations().current().snapshots().size()
    if before <= KEEP_SNAPSHOTS:
        return 0
    older_than = (datetime.now(UTC) - KEEP_FOR).strftime("%Y-%m-%d %H:%M:%S UTC")
    spark.sql(
        f"CALL {catalog}.system.expire_snapshots(table => :name, older_than => TIMESTAMP '{older_than}',"
        f" retain_last => {KEEP_SNAPSHOTS})",
        args={"name": name},
    ).collect()
    metadata.refresh()
    after: int = metadata.operations().current().snapshots().size()
    return max(0, before - after)


def _content_hash(spark: SparkSession, spec: WindowSpec) -> str:
    counted = tallies(spark, spec.lake, spec.window_start, ("raw", "events", "quarantine"))
    return combine_content_hashes(tally.as_set()["content_hash"] for tally in counted.values())


def compact(spark: SparkSession, spec: WindowSpec, progress: Progress) -> None:
    catalog = spec.lake.catalog_name
    names = {table: table_name(spec.lake, table) for table in LAKE_TABLES}
    for name in names.values():
        if not spark.catalog.tableExists(name):
            raise JobFailure("ResourceMissing", f"the table {name} does not exist; ingest the window first")
    with progress.phase("hash before"):
        hash_before = _content_hash(spark, spec)
    rewritten: dict[str, Any] = {}
    for table, name in names.items():
        with progress.phase(f"rewrite {table}"):
            before, is_sorted = _window_files(spark, name, spec)
            after = before
            if before.files > 1 or not is_sorted:
                _rewrite(spark, catalog, name, spec)
                after, _ = _window_files(spark, name, spec)
            rewritten[table] = {"before": asdict(before), "after": asdict(after)}
    with progress.phase("expire"):
        expired = sum(_expire(spark, catalog, name) for name in names.values())
    with progress.phase("hash after"):
        hash_after = _content_hash(spark, spec)
    if hash_after != hash_before:
        raise JobFailure(
            "DataQualityFailed",
            f"compaction changed the rows of {spec.window}: content hash {hash_before}, then {hash_after}",
        )
    report = {
        "window": spec.window,
        "tables": {table: table_version(spark, name) for table, name in names.items()},
        "rewritten": rewritten,
        "content_hash_before": hash_before,
        "content_hash_after": hash_after,
        "snapshots_expired": expired,
    }
    progress.finished()
    write_report(spec.report_file, {**report, "seconds": progress.seconds})


def run(spec: WindowSpec) -> None:
    progress = Progress(PHASES)
    with progress.phase("start"):
        require_object_store(spec.lake)
        spark = start_session(f"compact {spec.window}", spec.lake)
    try:
        require_access(spark, spec.lake)
        compact(spark, spec, progress)
    finally:
        spark.stop()
