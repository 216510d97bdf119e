"""Which snapshots the stream lets go of."""

from datetime import timedelta

from pyspark.sql import SparkSession
from records import raw_frame

from reprise_spark.lake import ensure_tables, iceberg_table, table_name
from reprise_spark.spec import LakeAccess
from reprise_spark.stream.commits import Batch, append, is_committed, last_commit
from reprise_spark.stream.housekeeping import expire_own_snapshots

NOW = timedelta(seconds=-1)


def batch(number: int, query: str = "q") -> Batch:
    return Batch("live", query, number, {0: number}, {0: number + 1})


def filled(spark: SparkSession, lake: LakeAccess) -> str:
    """Five batches, and between them a commit of somebody else."""
    ensure_tables(spark, lake, ("raw",))
    name = table_name(lake, "raw")
    for number in range(5):
        append(raw_frame(spark, [b"x"]), name, "events", batch(number))
        if number == 1:
            raw_frame(spark, [b"y"]).writeTo(name).append()
    return name


def test_only_its_own_and_never_its_newest(spark: SparkSession, lake: LakeAccess) -> None:
    name = filled(spark, lake)
    assert expire_own_snapshots(spark, name, "live") == 0
    assert expire_own_snapshots(spark, name, "live", NOW) == 4
    left = [one.summary().get("reprise.batch") for one in iceberg_table(spark, name).snapshots()]
    assert left == [None, "4"]
    assert spark.table(name).count() == 6
    assert expire_own_snapshots(spark, name, "live", NOW) == 0


def test_the_newest_commit_is_found_behind_those_of_others(spark: SparkSession, lake: LakeAccess) -> None:
    name = filled(spark, lake)
    raw_frame(spark, [b"z"]).writeTo(name).append()
    rows = raw_frame(spark, [b"x"])
    assert is_committed(spark, name, batch(4), rows)
    assert not is_committed(spark, name, batch(5), rows)
    assert not is_committed(spark, name, batch(4, "another checkpoint"), rows)
    assert last_commit(spark, name, "another stream") is None
    found = last_commit(spark, name, "live")
    assert found is not None
    assert found["reprise.offsets"] == '{"events": {"0": 5}}'


def test_rows_tell_when_the_commit_is_forgotten(spark: SparkSession, lake: LakeAccess) -> None:
    name = filled(spark, lake)
    raw_frame(spark, [b"z"]).writeTo(name).append()
    table = iceberg_table(spark, name)
    update = table.expireSnapshots().expireOlderThan(0)
    for one in table.snapshots():
        if one.summary().get("reprise.stream") == "live":
            update = update.expireSnapshotId(one.snapshotId())
    update.commit()
    assert is_committed(spark, name, batch(4), raw_frame(spark, [b"x"]))
    elsewhere = raw_frame(spark, [b"x", b"x"]).where("kafka_offset = 1")
    assert not is_committed(spark, name, batch(4), elsewhere)
