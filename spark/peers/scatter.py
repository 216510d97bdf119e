"""Lays a window out as a resident stream leaves it: many small appends, in the order of arrival.

For the measurement of compaction; told by the spec of the compact job. Rows do not
change.
"""

import argparse
import sys
from pathlib import Path

# spark-submit puts this file's folder on the path, and not the project's.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pyspark.sql import Window
from pyspark.sql import functions as F

from reprise_spark.failures import exit_with
from reprise_spark.lake import replace_window, table_name, table_version, window_rows
from reprise_spark.progress import Progress
from reprise_spark.report import write_report
from reprise_spark.session import start_session
from reprise_spark.spec import WindowSpec, read_compact_spec

TABLES = ("raw", "events", "quarantine")
"""Those that the stream appends to; minute_counts are made when the hour is closed."""

APPENDS = 300
"""Ten minutes of a stream that commits every two seconds."""


def scatter(spec: WindowSpec) -> None:
    progress = Progress(("start", *TABLES))
    with progress.phase("start"):
        spark = start_session(f"scatter {spec.window}", spec.lake)
    try:
        in_order = Window.orderBy("kafka_offset", "kafka_partition")
        for table in TABLES:
            with progress.phase(table):
                name = table_name(spec.lake, table)
                rows = window_rows(spark, name, spec.window_start)
                rows = rows.withColumn("_slice", F.ntile(APPENDS).over(in_order)).persist()
                rows.count()
                replace_window(rows.where("false").drop("_slice"), name, spec.window_start, {})
                for slice_ in range(1, APPENDS + 1):
                    rows.where(F.col("_slice") == slice_).drop("_slice").coalesce(1).writeTo(name).append()
                rows.unpersist()
        tables = {
            table: table_version(spark, table_name(spec.lake, table)) for table in (*TABLES, "minute_counts")
        }
    finally:
        spark.stop()
    progress.finished()
    write_report(spec.report_file, {"tables": tables, "seconds": progress.seconds})


def main() -> int:
    parser = argparse.ArgumentParser(description="Lay a window out in many small files.")
    parser.add_argument("--spec", required=True, type=Path, help="JSON file: that of the compact job")
    arguments = parser.parse_args()
    return exit_with(lambda: scatter(read_compact_spec(arguments.spec)))


if __name__ == "__main__":
    sys.exit(main())
