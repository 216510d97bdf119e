"""The content hash against Python's own MD5."""

import hashlib
import random

from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from records import raw_frame

from reprise_spark.content_hash import (
    EMPTY_CONTENT_HASH,
    combine_content_hashes,
    format_content_hash,
    hash_sum,
)


def by_hand(values: list[bytes | None]) -> str:
    firsts = (int.from_bytes(hashlib.md5(value or b"").digest()[:8], "big") for value in values)
    return f"{sum(firsts) % 2**64:016x}"


def test_spark_and_python_agree(spark: SparkSession) -> None:
    rng = random.Random(7)
    values: list[bytes | None] = [rng.randbytes(rng.randrange(200)) for _ in range(500)]
    values += [b"", None, b"\xff\xfe", values[0]]
    total = raw_frame(spark, values).agg(hash_sum(F.col("record_hash")).alias("total")).collect()[0].total
    assert format_content_hash(int(total)) == by_hand(values)


def test_nothing_hashes_to_zero(spark: SparkSession) -> None:
    total = raw_frame(spark, []).agg(hash_sum(F.col("record_hash")).alias("total")).collect()[0].total
    assert format_content_hash(int(total)) == EMPTY_CONTENT_HASH


def test_a_union_of_sets_hashes_to_their_sum() -> None:
    values: list[bytes | None] = [b"a", b"b", b"c"]
    assert combine_content_hashes([by_hand(values[:1]), by_hand(values[1:])]) == by_hand(values)
    assert combine_content_hashes([]) == EMPTY_CONTENT_HASH
    assert by_hand([b"a"]) != by_hand([b"a", b"a"])
