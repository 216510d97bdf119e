"""Whether the bytes of a record are an event, and if not, why: the rules of `contracts/classify.ts` as
columns.

Everything is an expression of Spark's own: a Python function would ship every record to Python and back. The
rules are an array of data that one lambda walks, and not a column a rule: a hundred columns are more code
than Java compiles at once, and were measured at a fifth of the speed.
"""

from datetime import datetime
from functools import cache

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from reprise_spark.contracts import (
    MAX_RECORD_BYTES,
    TIME_FIELDS,
    FieldRule,
    event_contracts,
    java_pattern,
    table_schema,
)
from reprise_spark.plain import EVENT, IS_PLAIN, time_limit, with_plain_event
from reprise_spark.reasons import FIELD_INDEX, PARSED, VALUES, reason

PLAIN = "plain"
"""In place of a reason, for a record that needs none."""

TYPES, TEXTS, BREACH = "_types", "_texts", "_breach"

# What Spark's reader would otherwise let pass as JSON.
JSON_OPTIONS = {"allowNonNumericNumbers": "false", "allowSingleQuotes": "false"}

BREACHES = ("missing_field", "wrong_type", "invalid_value", "impossible_value", "time_in_future")
"""What may be wrong with a field, in the order of REASON_ORDER."""


def parse(records: DataFrame) -> DataFrame:
    """Adds `_parsed`: every contract field of the record's JSON as a VARIANT; null when the bytes are no JSON
    object, and when the record needs no second look.

    A VARIANT keeps the JSON type of a field, which a typed schema does not: it reads the number 5 as the text
    "5" without complaint. Spark's reader stops after the first value and ignores what follows, so the text is
    put into a list, before the MD5 of itself: only if the second element is that MD5 was the text one value
    and nothing else.
    """
    value = F.col("record_value")
    text = value.cast("string")
    digest = F.md5(value)
    readable = (F.octet_length(value) <= MAX_RECORD_BYTES) & F.is_valid_utf8(text)
    in_a_list = F.concat(F.lit("["), text, F.lit(',{"_end":"'), digest, F.lit('"}]'))
    names = ["event_type", *(rule.name for rule in event_contracts().fields)]
    schema = f"array<struct<{','.join(f'{name}:variant' for name in names)},_end:string>>"
    with_list = records.withColumn(
        "_list", F.when(~F.col(IS_PLAIN) & readable, F.from_json(in_a_list, schema, JSON_OPTIONS))
    )
    alone = (F.size("_list") == 2) & (F.get("_list", F.lit(1))["_end"] == digest)
    return with_list.withColumn(PARSED, F.when(alone, F.get("_list", F.lit(0)))).drop("_list")


def _unless_plain(column: Column) -> Column:
    return F.when(~F.col(IS_PLAIN), column)


def _json_type(value: Column) -> Column:
    """JSON type of a value, as Spark names it; null when it is absent or null."""
    return F.nullif(F.schema_of_variant(value), F.lit("VOID"))


def _text(value: Column) -> Column:
    return F.try_variant_get(value, "$", "string")


def with_fields(parsed: DataFrame) -> DataFrame:
    """Adds `event_type` (null unless text) and, by position of the field in the contracts, JSON types and
    texts."""
    event_type = F.col(PARSED)["event_type"]
    values = F.array(*[F.col(PARSED)[rule.name] for rule in event_contracts().fields])
    return parsed.withColumns(
        {
            "_type_given": _json_type(event_type).isNotNull(),
            "event_type": F.when(F.col(IS_PLAIN), F.col(EVENT)["event_type"]).when(
                _json_type(event_type) == "STRING", _text(event_type)
            ),
            VALUES: _unless_plain(values),
        }
    ).withColumns(
        {
            TYPES: _unless_plain(F.transform(VALUES, _json_type)),
            TEXTS: _unless_plain(F.transform(VALUES, _text)),
        }
    )


@cache
def _position(name: str) -> int:
    return [rule.name for rule in event_contracts().fields].index(name)


def _rules() -> Column:
    """Every rule as a struct, in the order of the fields; folded to a constant when the query is planned."""

    def as_struct(rule: FieldRule) -> Column:
        pattern = None if rule.pattern is None else java_pattern(rule.pattern)
        return F.struct(
            F.array(*[F.lit(name) for name in sorted(rule.event_types)]).alias("event_types"),
            F.lit(rule.kind).alias("kind"),
            F.lit(pattern).cast("string").alias("pattern"),
            F.array(*[F.lit(value) for value in rule.values or ()]).cast("array<string>").alias("values"),
            F.lit(rule.minimum).cast("double").alias("minimum"),
            F.lit(rule.maximum).cast("double").alias("maximum"),
            F.lit(rule.is_timestamp).alias("is_timestamp"),
            F.lit(rule.name in TIME_FIELDS).alias("is_past"),
        )

    return F.array(*[as_struct(rule) for rule in event_contracts().fields])


def _is_number(json_type: Column) -> Column:
    return json_type.isin("BIGINT", "DOUBLE") | json_type.startswith("DECIMAL")


def _number(text: Column) -> Column:
    # Numbers are compared as JSON readers have them, as doubles: 5, 5.0 and 5e0 are one number, 1e400 is
    # infinite.
    return text.try_cast("double")


def _breach_of_field(window_end: Column, rule: Column, position: Column) -> Column:
    """The first of BREACHES that the field commits, with its place in the contract; null when it commits
    none."""
    json_type, text = F.get(TYPES, position), F.get(TEXTS, position)
    limit = time_limit(window_end)
    number, time = _number(text), F.try_to_timestamp(text)
    has_kind = (
        F.when(rule["kind"] == "string", json_type == "STRING")
        .when(rule["kind"] == "boolean", json_type == "BOOLEAN")
        .otherwise(_is_number(json_type) & (F.rint(number) == number))
    )
    has_form = (
        F.when(rule["pattern"].isNull(), F.array_contains(rule["values"], text))
        .when(~F.rlike(text, rule["pattern"]), False)
        .otherwise(~rule["is_timestamp"] | time.isNotNull())
    )

    def breach(code: str) -> Column:
        return F.struct(F.lit(BREACHES.index(code)).alias("code"), position.alias("position"))

    return (
        F.when(~F.array_contains(rule["event_types"], F.col("event_type")), None)
        .when(json_type.isNull(), breach("missing_field"))
        .when(~has_kind, breach("wrong_type"))
        .when((rule["kind"] == "string") & ~has_form, breach("invalid_value"))
        .when(
            (rule["kind"] == "integer") & ~number.between(rule["minimum"], rule["maximum"]),
            breach("impossible_value"),
        )
        .when(rule["is_past"] & (time > limit), breach("time_in_future"))
    )


def with_breach(fields: DataFrame, window_end: Column) -> DataFrame:
    """Adds `reason_code` and the position of the field at fault; the code is null when the record is valid.

    The branches are in the order of REASON_ORDER, and each relies on those before it having passed.
    """
    known = event_contracts()
    version = F.lit(_position("schema_version"))
    version_type = F.get(TYPES, version)
    version_known = _is_number(version_type) & (_number(F.get(TEXTS, version)) == known.version)
    type_known = F.coalesce(F.col("event_type").isin(*known.event_types), F.lit(False))
    breaches = F.transform(_rules(), lambda rule, at: _breach_of_field(window_end, rule, at))
    head = (
        F.when(F.col(IS_PLAIN), PLAIN)
        .when(F.octet_length("record_value") > MAX_RECORD_BYTES, "oversized")
        .when(F.col(PARSED).isNull(), "malformed_json")
        .when(F.col("_type_given") & ~type_known, "unknown_event_type")
        .when(version_type.isNotNull() & ~version_known, "unsupported_version")
        .when(~F.col("_type_given"), "missing_field")
    )
    return (
        fields.withColumn("_head", head)
        .withColumn(BREACH, F.when(F.col("_head").isNull(), F.array_min(breaches)))
        .withColumns(
            {
                "reason_code": F.coalesce(
                    F.nullif("_head", F.lit(PLAIN)),
                    F.get(F.array(*[F.lit(code) for code in BREACHES]), F.col(BREACH)["code"]),
                ),
                FIELD_INDEX: F.when(F.col("_head") == "unsupported_version", version).otherwise(
                    F.col(BREACH)["position"]
                ),
            }
        )
    )


def _event_field(rule: FieldRule) -> Column:
    """A field as its table column; null where it has another JSON type, or the event's type has no such
    field."""
    position = F.lit(_position(rule.name))
    json_type, text = F.get(TYPES, position), F.get(TEXTS, position)
    target = table_schema("events")[rule.name].dataType
    if rule.kind == "integer":
        value = F.when(_is_number(json_type), _number(text).try_cast(target))
    else:
        value = F.when(json_type == rule.kind.upper(), text.try_cast(target))
    plain = F.col(EVENT)[rule.name].try_cast(target)
    value = F.when(F.col(IS_PLAIN), plain).otherwise(value)
    if rule.event_types == frozenset(event_contracts().event_types):
        return value
    return F.when(F.col("event_type").isin(*sorted(rule.event_types)), value)


def classify(records: DataFrame, window_end: datetime | Column) -> DataFrame:
    """Adds to records with a `record_value` what they are.

    The window's end is one instant, or a column when the records are of several windows.

    `event_type` and every contract field as its table column, as far as the record has them in the right JSON
    type; `reason_code`, `field` and `reason`, all null when the record is a valid event.
    """
    end = window_end if isinstance(window_end, Column) else F.lit(window_end)
    names = [rule.name for rule in event_contracts().fields]
    # A record without event_type is at fault there; the field stands outside the list of rules.
    at_type = F.col("reason_code").isin("unknown_event_type", "missing_field") & F.col(FIELD_INDEX).isNull()
    field = F.when(at_type, "event_type").otherwise(F.get(F.array(*map(F.lit, names)), F.col(FIELD_INDEX)))
    breached = with_breach(with_fields(parse(with_plain_event(records, end))), end).withColumn("field", field)
    return breached.select(
        *[F.col(name) for name in records.columns],
        "event_type",
        *[_event_field(rule).alias(rule.name) for rule in event_contracts().fields],
        "reason_code",
        "field",
        F.when(F.col("reason_code").isNotNull(), reason(end)).alias("reason"),
    )
