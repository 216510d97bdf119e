"""The window's account (`RecordAccount` in `contracts/ledger.ts`), counted from the tables as they stand."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from reprise_spark.content_hash import format_content_hash, hash_sum, record_hash
from reprise_spark.lake import table_name, window_rows
from reprise_spark.shape import DUPLICATE_REASON
from reprise_spark.spec import LakeAccess


@dataclass(frozen=True)
class Tally:
    """Records by a key, with the sum of their hashes."""

    counts: dict[str, int]
    hash_sums: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def as_set(self) -> dict[str, Any]:
        return {"total": self.total, "content_hash": format_content_hash(sum(self.hash_sums.values()))}

    def only(self, key: str) -> "Tally":
        return Tally(
            {one: n for one, n in self.counts.items() if one == key},
            {one: n for one, n in self.hash_sums.items() if one == key},
        )

    def without(self, key: str) -> "Tally":
        return Tally(
            {one: n for one, n in self.counts.items() if one != key},
            {one: n for one, n in self.hash_sums.items() if one != key},
        )


def tally(rows: DataFrame, key: Column, hashes: Column) -> Tally:
    counted = rows.groupBy(key.alias("key")).agg(
        F.count("*").alias("records"), hash_sum(hashes).alias("hashes")
    )
    found = sorted((row["key"], row["records"], int(row["hashes"])) for row in counted.collect())
    return Tally({key: n for key, n, _ in found}, {key: total for key, _, total in found})


def raw_tally(spark: SparkSession, lake: LakeAccess, window_start: datetime) -> Tally:
    """Every record that arrived; hashed anew from its bytes."""
    rows = window_rows(spark, table_name(lake, "raw"), window_start)
    return tally(rows, F.lit("arrived"), record_hash(F.col("record_value")))


def event_tally(spark: SparkSession, lake: LakeAccess, window_start: datetime) -> Tally:
    rows = window_rows(spark, table_name(lake, "events"), window_start)
    return tally(rows, F.col("event_type"), F.col("record_hash"))


def quarantine_tally(spark: SparkSession, lake: LakeAccess, window_start: datetime) -> Tally:
    rows = window_rows(spark, table_name(lake, "quarantine"), window_start)
    return tally(rows, F.col("reason_code"), record_hash(F.col("record_value")))


def record_account(arrived: Tally, valid: Tally, set_aside: Tally) -> dict[str, Any]:
    rejected = set_aside.without(DUPLICATE_REASON)
    return {
        "arrived": arrived.as_set(),
        "valid": {**valid.as_set(), "by_type": valid.counts},
        "quarantined": {**rejected.as_set(), "by_reason": rejected.counts},
        "duplicates": set_aside.only(DUPLICATE_REASON).as_set(),
    }
