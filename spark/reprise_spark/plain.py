"""A quick look that settles nearly every record: is it an event, written just as the contracts' own writer
does?

Most records are valid and in plain form: the contract's fields in their order, without white space. Such a
record is read into typed columns, and if writing those gives back the very same bytes, then it had no other
field, no other JSON type, no repeated key and nothing after it. What is not in plain form has nothing wrong
with it yet: it goes the long way, through `classify.py`.
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from reprise_spark.contracts import (
    CLOCK_SKEW_MS,
    MAX_RECORD_BYTES,
    TIME_FIELDS,
    FieldRule,
    event_contracts,
    java_pattern,
)

EVENT, IS_PLAIN = "_event", "_is_plain"

_TYPES = {"string": "string", "integer": "bigint", "boolean": "boolean"}


def time_limit(window_end: Column) -> Column:
    """Latest instant that a record may speak of."""
    return window_end + F.expr(f"INTERVAL {CLOCK_SKEW_MS // 1000} SECONDS")


def _keeps_rule(rule: FieldRule, window_end: Column) -> Column:
    value = F.col(EVENT)[rule.name]
    if rule.name == "schema_version":
        return value == event_contracts().version
    kept = value.isNotNull()
    if rule.values is not None:
        kept = value.isin(*rule.values)
    elif rule.pattern is not None:
        kept = value.rlike(java_pattern(rule.pattern))
    if rule.minimum is not None and rule.maximum is not None:
        kept = value.between(rule.minimum, rule.maximum)
    if rule.is_timestamp:
        kept = kept & F.try_to_timestamp(value).isNotNull()
    if rule.name in TIME_FIELDS:
        kept = kept & (F.try_to_timestamp(value) <= time_limit(window_end))
    if rule.event_types == frozenset(event_contracts().event_types):
        return kept
    has_field = F.col(EVENT)["event_type"].isin(*sorted(rule.event_types))
    return F.when(has_field, kept).otherwise(value.isNull())


def with_plain_event(records: DataFrame, window_end: Column) -> DataFrame:
    """Adds `_event`, the contract fields as a struct, and `_is_plain`: the record is a valid event in plain
    form."""
    known = event_contracts()
    text = F.col("record_value").cast("string")
    schema = ", ".join(["event_type string", *(f"{rule.name} {_TYPES[rule.kind]}" for rule in known.fields)])
    small = F.octet_length("record_value") <= MAX_RECORD_BYTES
    kept = F.col(EVENT)["event_type"].isin(*known.event_types)
    for rule in known.fields:
        kept = kept & _keeps_rule(rule, window_end)
    read = records.withColumn(EVENT, F.when(small, F.from_json(text, schema)))
    return read.withColumn(IS_PLAIN, F.coalesce((F.to_json(EVENT) == text) & kept, F.lit(False)))
