"""The order-independent content hash of `contracts/content-hash.ts`."""

from collections.abc import Iterable

from pyspark.sql import Column
from pyspark.sql import functions as F

EMPTY_CONTENT_HASH = "0" * 16


def record_hash(value: Column) -> Column:
    """First eight bytes of the MD5 of a record's bytes, big-endian, as a signed 64-bit number; null is no
    bytes."""
    digest = F.md5(F.coalesce(value, F.lit(b"")))
    return F.conv(F.substring(digest, 1, 16), 16, -10).cast("bigint")


def hash_sum(hashes: Column) -> Column:
    """Sum of record hashes, as text. Decimal: a sum of longs overflows, which ANSI mode makes an error."""
    return F.coalesce(F.sum(hashes.cast("decimal(20,0)")), F.lit(0)).cast("string")


def format_content_hash(total: int) -> str:
    return format(total % 2**64, "016x")


def combine_content_hashes(hashes: Iterable[str]) -> str:
    """The hash of the union of disjoint sets."""
    return format_content_hash(sum(int(one, 16) for one in hashes))
