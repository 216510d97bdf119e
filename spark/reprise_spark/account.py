"""The window's account (`RecordAccount` in `contracts/ledger.ts`), counted from the tables as they stand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
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


# What is counted of each table: by which key, and the hash of which bytes. Hashed anew where the bytes lie.
_COUNTED: dict[str, Callable[[], tuple[Column, Column]]] = {
    "raw": lambda: (F.lit("arrived"), record_hash(F.col("record_value"))),
    "events": lambda: (F.col("event_type"), F.col("record_hash")),
    "quarantine": lambda: (F.col("reason_code"), record_hash(F.col("record_value"))),
    "minute_counts": lambda: (F.lit("rows"), F.lit(0)),
}


def tallies(
    spark: SparkSession, lake: LakeAccess, window_start: datetime, tables: Sequence[str]
) -> dict[str, Tally]:
    """The window's rows of each table, by one query: planning takes longer than counting."""

    def counted(table: str) -> DataFrame:
        key, hashes = _COUNTED[table]()
        rows = window_rows(spark, table_name(lake, table), window_start)
        return rows.select(F.lit(table).alias("table"), key.alias("key"), hashes.cast("bigint").alias("hash"))

    found = (
        reduce(DataFrame.union, map(counted, tables))
        .groupBy("table", "key")
        .agg(F.count("*").alias("records"), hash_sum(F.col("hash")).alias("hashes"))
        .orderBy("key")
        .collect()
    )
    return {
        table: Tally(
            {row["key"]: row["records"] for row in found if row["table"] == table},
            {row["key"]: int(row["hashes"]) for row in found if row["table"] == table},
        )
        for table in tables
    }


def record_account(arrived: Tally, valid: Tally, set_aside: Tally) -> dict[str, Any]:
    rejected = set_aside.without(DUPLICATE_REASON)
    return {
        "arrived": arrived.as_set(),
        "valid": {**valid.as_set(), "by_type": valid.counts},
        "quarantined": {**rejected.as_set(), "by_reason": rejected.counts},
        "duplicates": set_aside.only(DUPLICATE_REASON).as_set(),
    }
