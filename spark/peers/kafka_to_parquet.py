"""What the ingest job is measured against: the same records from Kafka into Parquet files, and nothing else.

No parsing, no table, no check: what is left of a job when it does only what cannot be left out. Told by the
same spec as the ingest job; the files go beside the report, on the driver's disk.
"""

import argparse
import json
import sys
import time
from pathlib import Path

# spark-submit puts this file's folder on the path, and not the project's.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pyspark.sql import SparkSession

from reprise_spark.arrivals import read_ranges
from reprise_spark.failures import exit_with
from reprise_spark.report import write_report
from reprise_spark.spec import IngestSpec, read_ingest_spec


def copy(spec: IngestSpec) -> None:
    print(f"progress {json.dumps({'phase': 'start', 'done': 0, 'of': 2})}", flush=True)
    started = time.monotonic()
    spark = SparkSession.builder.appName(f"copy {spec.window}").getOrCreate()
    began = time.monotonic()
    print(f"progress {json.dumps({'phase': 'copy', 'done': 1, 'of': 2})}", flush=True)
    try:
        files = spec.report_file.with_name("copy.parquet")
        read_ranges(spark, spec).write.option("compression", "zstd").parquet(files.as_uri())
        copied = time.monotonic()
    finally:
        spark.stop()
    seconds = {"start": round(began - started, 3), "copy": round(copied - began, 3)}
    write_report(spec.report_file, {"window": spec.window, "seconds": seconds})


def main() -> int:
    parser = argparse.ArgumentParser(description="Copy one window from Kafka to Parquet files.")
    parser.add_argument("--spec", required=True, type=Path, help="JSON file: that of the ingest job")
    arguments = parser.parse_args()
    return exit_with(lambda: copy(read_ingest_spec(arguments.spec)))


if __name__ == "__main__":
    sys.exit(main())
