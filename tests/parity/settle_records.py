"""What ingest makes of a window's records, as Parquet instead of Iceberg, and from a file instead of Kafka.

    python settle_records.py SPARK_PROJECT RECORDS WINDOW_START OUT

The project is the Spark project to use, for rules may differ between two copies of it.
"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

project, records_file, window_start, out = sys.argv[1:]
sys.path.insert(0, project)

from pyspark.sql import SparkSession  # noqa: E402
from pyspark.sql import functions as F  # noqa: E402
from reprise_spark.classify import classify  # noqa: E402
from reprise_spark.content_hash import record_hash  # noqa: E402
from reprise_spark.shape import (  # noqa: E402
    event_rows,
    minute_rows,
    quarantine_rows,
    raw_rows,
    read_catalogue,
    repeated_ids,
    set_duplicates_aside,
)

PARTITIONS = 3

start = datetime.fromisoformat(window_start).astimezone(UTC)
builder = SparkSession.builder.master("local[2]").config("spark.driver.memory", "768m")
for line in (Path(project) / "conf" / "spark-defaults.conf").read_text().splitlines():
    if line.strip() and not line.startswith("#"):
        name, value = line.split(None, 1)
        builder = builder.config(name, value.strip())
spark = builder.config("spark.sql.warehouse.dir", f"{out}/warehouse").getOrCreate()

rows = [
    (start, "events", offset % PARTITIONS, offset, start, None, bytearray(value), [])
    for offset, value in enumerate(Path(records_file).read_bytes().split(b"\n")[:-1])
]
raw = spark.createDataFrame(
    rows,
    "window_start timestamp, kafka_topic string, kafka_partition int, kafka_offset bigint,"
    " kafka_timestamp timestamp, record_key binary, record_value binary,"
    " headers array<struct<key string, value binary>>",
)
raw = raw.withColumn("record_hash", record_hash(F.col("record_value")))
classified = classify(raw, start + timedelta(hours=1)).persist()
settled = set_duplicates_aside(classified, repeated_ids(classified)).persist()
for table, frame in {
    "raw": raw_rows(classified),
    "events": event_rows(settled, read_catalogue(spark, None)),
    "quarantine": quarantine_rows(settled),
    "minute_counts": minute_rows(settled),
}.items():
    frame.coalesce(1).write.mode("overwrite").parquet(f"{out}/{table}")
spark.stop()
