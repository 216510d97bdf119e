"""The lake's Iceberg tables: how they are made, replaced window by window, and named at one commit."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, TypedDict

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, DataType, StructType

from reprise_spark.contracts import table_schema
from reprise_spark.spec import LakeAccess

# Rows in the order in which they are asked for lie together: files hold narrow ranges, and readers skip the
# rest.
SORT_ORDER = {
    "raw": "kafka_partition, kafka_offset",
    "events": "event_type, occurred_at, listener_id",
    "quarantine": "reason_code, kafka_partition, kafka_offset",
    "minute_counts": "minute, event_type",
}

TABLE_PROPERTIES = {
    "format-version": "2",
    "write.format.default": "parquet",
    "write.parquet.compression-codec": "zstd",
    # An hour of events fits one such file up to some millions; more of them are read side by side.
    "write.target-file-size-bytes": str(128 * 1024 * 1024),
    # A job writes one partition: an exchange by partition would send every row to one task.
    "write.distribution-mode": "none",
    "write.spark.fanout.enabled": "true",
    "write.metadata.delete-after-commit.enabled": "true",
    # A window's report names the metadata file that it read; four commits a window keep it for some hundred
    # windows.
    "write.metadata.previous-versions-max": "400",
    # Two windows may commit at once; each retries on the other's commit, and their partitions are disjoint.
    "commit.retry.num-retries": "20",
    "commit.retry.min-wait-ms": "100",
    "commit.retry.max-wait-ms": "5000",
    "history.expire.min-snapshots-to-keep": "20",
}


class TableVersion(TypedDict):
    metadata_location: str
    snapshot_id: str


def table_name(lake: LakeAccess, table: str) -> str:
    return f"{lake.catalog_name}.{lake.namespace}.{table}"


def _ddl_type(data_type: DataType) -> str:
    if isinstance(data_type, ArrayType):
        return f"array<{_ddl_type(data_type.elementType)}>"
    if isinstance(data_type, StructType):
        return f"struct<{', '.join(f'{field.name}: {_ddl_type(field.dataType)}' for field in data_type)}>"
    return data_type.simpleString()


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def create_table_statement(name: str, table: str) -> str:
    """Partitioned by the hour of `window_start`: a window is a partition, and nothing of it lies elsewhere.

    By the hour and not by the value: both make the same partitions, but the value would put `%3A` into object
    keys.
    """
    columns = ",\n  ".join(
        f"{field.name} {_ddl_type(field.dataType)}"
        f"{'' if field.nullable else ' NOT NULL'}"
        f" COMMENT {_quoted(field.metadata.get('comment', ''))}"
        for field in table_schema(table)
    )
    properties = ", ".join(f"'{key}' = '{value}'" for key, value in TABLE_PROPERTIES.items())
    return (
        f"CREATE TABLE IF NOT EXISTS {name} (\n  {columns}\n) USING iceberg"
        f" PARTITIONED BY (hours(window_start)) TBLPROPERTIES ({properties})"
    )


def ensure_tables(spark: SparkSession, lake: LakeAccess, tables: tuple[str, ...]) -> None:
    """Creates what is missing; two jobs may do so at once."""
    for table in tables:
        name = table_name(lake, table)
        if spark.catalog.tableExists(name):
            continue
        spark.sql(f"CREATE NAMESPACE IF NOT EXISTS {lake.catalog_name}.{lake.namespace}")
        spark.sql(create_table_statement(name, table))
        spark.sql(f"ALTER TABLE {name} WRITE LOCALLY ORDERED BY {SORT_ORDER[table]}")


def in_window(window_start: datetime) -> Column:
    """Whole partitions by their bounds: exactly what Iceberg can replace without reading a row."""
    start = F.col("window_start")
    return (start >= F.lit(window_start)) & (start < F.lit(window_start + timedelta(hours=1)))


def replace_window(rows: DataFrame, name: str, window_start: datetime, summary: Mapping[str, str]) -> None:
    """Replaces the window's partition in one commit, also by nothing; `summary` goes into the snapshot."""
    writer = rows.writeTo(name)
    for key, value in summary.items():
        writer = writer.option(f"snapshot-property.{key}", value)
    writer.overwrite(in_window(window_start))


def window_rows(spark: SparkSession, name: str, window_start: datetime) -> DataFrame:
    return spark.table(name).where(in_window(window_start))


def iceberg_table(spark: SparkSession, name: str) -> Any:
    """Iceberg's own table object; the SQL ways to these facts would each start a Spark job."""
    jvm: Any = spark._jvm
    return jvm.org.apache.iceberg.spark.Spark3Util.loadIcebergTable(spark._jsparkSession, name)


def window_data_files(
    spark: SparkSession, name: str, window_start: datetime, window_end: datetime
) -> Iterator[Any]:
    """Iceberg's `DataFile` of every file of the window, from the manifests alone."""
    jvm: Any = spark._jvm
    expressions = jvm.org.apache.iceberg.expressions.Expressions
    tasks = (
        iceberg_table(spark, name)
        .newScan()
        .filter(expressions.greaterThanOrEqual("window_start", _microseconds(window_start)))
        .filter(expressions.lessThan("window_start", _microseconds(window_end)))
        .planFiles()
    )
    try:
        found = tasks.iterator()
        while found.hasNext():
            yield found.next().file()
    finally:
        tasks.close()


def _microseconds(at: datetime) -> int:
    return int(at.timestamp()) * 1_000_000


def table_version(spark: SparkSession, name: str) -> TableVersion:
    """The table at its newest commit."""
    table = iceberg_table(spark, name)
    return {
        "metadata_location": table.operations().current().metadataFileLocation(),
        # Text: a snapshot id does not fit the numbers of JavaScript.
        "snapshot_id": str(table.currentSnapshot().snapshotId()),
    }
