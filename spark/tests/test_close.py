"""What closing makes of an hour that the stream has filled."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from records import LIKED, PLAYED, WINDOW_END, WINDOW_START, compact_json, event_id, raw_frame

from reprise_spark.classify import classify
from reprise_spark.close import close, unsettled_ids
from reprise_spark.contracts import LAKE_TABLES
from reprise_spark.lake import ensure_tables, table_name, window_rows
from reprise_spark.progress import Progress
from reprise_spark.shape import (
    event_rows,
    minute_rows,
    quarantine_rows,
    raw_rows,
    read_catalogue,
    repeated_ids,
    set_duplicates_aside,
)
from reprise_spark.spec import CloseSpec, LakeAccess

PHASES = ("start", "settle", "write minute_counts", "count")


def an_hour(spark: SparkSession) -> DataFrame:
    """Twelve records of two partitions: the events 1 to 4, two of them repeated, and one that is none."""
    played = [{**PLAYED, "event_id": event_id(one), "ms_played": one} for one in range(1, 5)]
    again = [{**LIKED, "event_id": event_id(2)}, {**PLAYED, "event_id": event_id(3)}]
    values: list[bytes | None] = [compact_json(one) for one in [*played, *again, *played]]
    records = raw_frame(spark, [*values, b"poison", b"{}"])
    return records.withColumn("kafka_partition", (F.col("kafka_offset") % 2).cast("int"))


def as_ingested(records: DataFrame) -> DataFrame:
    # Kept, as the job does it: the optimiser would copy the rules into every filter.
    classified = classify(records, WINDOW_END).persist()
    return set_duplicates_aside(classified, repeated_ids(classified))


def as_streamed(records: DataFrame) -> DataFrame:
    """The last of each event stands, as when its partition was read first."""
    backwards = records.withColumn("kafka_offset", -F.col("kafka_offset")).withColumn(
        "kafka_partition", 1 - F.col("kafka_partition")
    )
    return (
        as_ingested(backwards)
        .withColumn("kafka_offset", -F.col("kafka_offset"))
        .withColumn("kafka_partition", 1 - F.col("kafka_partition"))
    )


def fill(spark: SparkSession, lake: LakeAccess, records: DataFrame, settled: DataFrame) -> None:
    ensure_tables(spark, lake, LAKE_TABLES)
    rows = {
        "raw": raw_rows(records),
        "events": event_rows(settled, read_catalogue(spark, None)),
        "quarantine": quarantine_rows(settled),
    }
    for table, frame in rows.items():
        frame.writeTo(table_name(lake, table)).append()


def close_hour(spark: SparkSession, lake: LakeAccess, folder: Path) -> dict[str, Any]:
    report = folder / "report.json"
    spec = CloseSpec("2026-01-05T08:00Z", WINDOW_START, WINDOW_END, lake, report, catalogue_file=None)
    close(spark, spec, Progress(PHASES))
    found: dict[str, Any] = json.loads(report.read_text())
    return found


def rows_of(spark: SparkSession, lake: LakeAccess, table: str) -> DataFrame:
    return window_rows(spark, table_name(lake, table), WINDOW_START)


def snapshots(spark: SparkSession, lake: LakeAccess, table: str) -> int:
    return spark.table(f"{table_name(lake, table)}.snapshots").count()


def test_an_hour_gets_its_minute_counts_and_its_account(
    spark: SparkSession, lake: LakeAccess, tmp_path: Path
) -> None:
    records = an_hour(spark)
    settled = as_ingested(records)
    fill(spark, lake, records, settled)
    report = close_hour(spark, lake, tmp_path)
    account = report["account"]
    assert account["arrived"]["total"] == 12
    assert account["valid"]["by_type"] == {"track_liked": 1, "track_played": 3}
    assert account["duplicates"]["total"] == 6
    assert account["quarantined"]["by_reason"] == {"malformed_json": 1, "missing_field": 1}
    assert report["minute_rows"] == 2
    assert set(report["tables"]) == set(LAKE_TABLES)
    assert_df_equality(
        rows_of(spark, lake, "minute_counts"),
        minute_rows(settled),
        ignore_nullable=True,
        ignore_metadata=True,
        ignore_row_order=True,
    )
    # What stands is left as it is.
    assert snapshots(spark, lake, "events") == 1


def test_where_another_than_the_first_stands_the_hour_is_settled_again(
    spark: SparkSession, lake: LakeAccess, tmp_path: Path
) -> None:
    records = an_hour(spark)
    fill(spark, lake, records, as_streamed(records))
    report = close_hour(spark, lake, tmp_path)
    settled = as_ingested(records)
    for table, rows in {
        "events": event_rows(settled, read_catalogue(spark, None)),
        "quarantine": quarantine_rows(settled),
        "minute_counts": minute_rows(settled),
    }.items():
        assert_df_equality(
            rows_of(spark, lake, table),
            rows,
            ignore_nullable=True,
            ignore_metadata=True,
            ignore_row_order=True,
        )
    assert report["account"]["valid"]["total"] == 4
    once = close_hour(spark, lake, tmp_path)
    assert once["account"] == report["account"]
    assert snapshots(spark, lake, "events") == 2


@pytest.mark.parametrize("table", ["events", "quarantine"])
def test_an_attempt_that_was_cut_off_between_two_tables_is_made_good(
    spark: SparkSession, lake: LakeAccess, tmp_path: Path, table: str
) -> None:
    records = an_hour(spark)
    fill(spark, lake, records, as_streamed(records))
    settled = as_ingested(records)
    right = {
        "events": event_rows(settled, read_catalogue(spark, None)),
        "quarantine": quarantine_rows(settled),
    }
    right[table].writeTo(table_name(lake, table)).overwrite(F.lit(True))
    close_hour(spark, lake, tmp_path)
    for one, rows in right.items():
        found = rows_of(spark, lake, one)
        assert_df_equality(found, rows, ignore_nullable=True, ignore_metadata=True, ignore_row_order=True)


def test_closing_again_and_other_hours(spark: SparkSession, lake: LakeAccess, tmp_path: Path) -> None:
    records = an_hour(spark)
    fill(spark, lake, records, as_ingested(records))
    later = records.withColumn("window_start", F.lit(datetime(2026, 1, 5, 9, tzinfo=UTC)))
    fill(spark, lake, later, as_streamed(later))
    report = close_hour(spark, lake, tmp_path)
    assert close_hour(spark, lake, tmp_path)["account"] == report["account"]
    assert report["account"]["arrived"]["total"] == 12
    after = window_rows(spark, table_name(lake, "events"), WINDOW_START + timedelta(hours=1))
    assert after.count() == 4


def test_an_hour_without_a_record_that_is_set_aside(
    spark: SparkSession, lake: LakeAccess, tmp_path: Path
) -> None:
    records = an_hour(spark).where(F.col("kafka_offset") < 4)
    settled = as_ingested(records)
    ensure_tables(spark, lake, LAKE_TABLES)
    raw_rows(records).writeTo(table_name(lake, "raw")).append()
    event_rows(settled, read_catalogue(spark, None)).writeTo(table_name(lake, "events")).append()
    report = close_hour(spark, lake, tmp_path)
    assert report["account"]["valid"]["total"] == 4
    assert report["account"]["quarantined"]["total"] == 0
    assert report["tables"]["quarantine"]["snapshot_id"]


def test_an_hour_in_which_nothing_arrived(spark: SparkSession, lake: LakeAccess, tmp_path: Path) -> None:
    report = close_hour(spark, lake, tmp_path)
    assert report["account"]["arrived"] == {"total": 0, "content_hash": "0" * 16}
    assert report["minute_rows"] == 0


def test_ids_that_are_not_settled(spark: SparkSession) -> None:
    def places(rows: list[tuple[str, int, int]]) -> DataFrame:
        return spark.createDataFrame(rows, "event_id string, kafka_partition int, kafka_offset bigint")

    events = places(
        [
            ("first", 0, 1),
            ("later", 1, 1),
            ("alone", 0, 2),
            ("twice", 0, 3),
            ("twice", 0, 9),
            ("itself", 0, 5),
        ]
    )
    repeats = places(
        [("first", 1, 0), ("first", 0, 7), ("later", 0, 9), ("itself", 0, 5), ("none", 0, 8)]
    ).withColumn("reason_code", F.lit("duplicate_event"))
    others = places([("alone", 0, 0)]).withColumn("reason_code", F.lit("wrong_type"))
    found = unsettled_ids(events, repeats.union(others)).collect()
    assert {row.event_id for row in found} == {"later", "twice", "itself", "none"}
