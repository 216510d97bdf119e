"""The sentence that tells a person what is wrong with a record; the same words as in
`contracts/classify.ts`."""

import json
from collections.abc import Iterable

from pyspark.sql import Column
from pyspark.sql import functions as F

from reprise_spark.contracts import MAX_RECORD_BYTES, FieldRule, event_contracts

PARSED = "_parsed"
"""Column of the record's contract fields as a struct of VARIANTs."""

VALUES = "_values"
"""Column of the record's contract fields as VARIANTs, by position."""

FIELD_INDEX = "_field_index"
"""Column of the position of the field at fault."""

KIND_NAMES = {"string": "text", "integer": "a whole number", "boolean": "true or false"}


def _lookup(entries: Iterable[tuple[str, str]], key: Column) -> Column:
    flat = [F.lit(text) for entry in entries for text in entry]
    return F.create_map(*flat)[key]


def _cut(text: Column) -> Column:
    return F.when(F.length(text) > 60, F.concat(F.substring(text, 1, 57), F.lit("..."))).otherwise(text)


def _type_name(value: Column) -> Column:
    json_type = F.schema_of_variant(value)
    whole = F.rint(F.try_variant_get(value, "$", "double")) == F.try_variant_get(value, "$", "double")
    return (
        F.when(json_type.startswith("ARRAY"), "a list")
        .when(json_type.startswith("OBJECT"), "an object")
        .when(json_type == "VOID", "null")
        .when(json_type == "STRING", "text")
        .when(json_type == "BOOLEAN", "true or false")
        .when(whole, "a whole number")
        .otherwise("a fraction")
    )


def _form(rule: FieldRule) -> str:
    if rule.values is not None:
        return f"be one of {', '.join(rule.values)}"
    return f"look like {json.dumps(rule.example, ensure_ascii=False)}"


def _instant(at: Column) -> Column:
    return F.date_format(at, "yyyy-MM-dd'T'HH:mm:ss.000'Z'")


def reason(window_end: Column) -> Column:
    """Sentence for `reason_code` and `field`; null when there is no reason."""
    known = event_contracts()
    code, field = F.col("reason_code"), F.col("field")
    value = F.when(field == "event_type", F.col(PARSED)["event_type"]).otherwise(
        F.get(VALUES, F.col(FIELD_INDEX))
    )
    shown = F.coalesce(_cut(F.to_json(value)), F.lit("null"))
    text = F.col("record_value").cast("string")
    # Parsed once more, and without regard to what follows the first value: only to name what it is.
    other = F.try_parse_json(text)
    not_json = (
        F.when(text.isNull() | (F.trim(text) == ""), "the record is empty")
        .when(~F.is_valid_utf8(text), "the bytes are not UTF-8")
        .when(other.isNull() | F.schema_of_variant(other).startswith("OBJECT"), "the bytes are not JSON")
        .otherwise(F.concat(F.lit("the JSON is "), _type_name(other), F.lit(", not an object")))
    )
    kinds = _lookup(((rule.name, KIND_NAMES[rule.kind]) for rule in known.fields), field)
    forms = _lookup(((rule.name, _form(rule)) for rule in known.fields if rule.kind == "string"), field)
    ranges = _lookup(
        (
            (rule.name, f"between {rule.minimum} and {rule.maximum}")
            for rule in known.fields
            if rule.minimum is not None
        ),
        field,
    )
    is_ = F.concat(field, F.lit(" is "), shown)
    return (
        F.when(code.isNull(), None)
        .when(
            code == "oversized",
            F.concat(
                F.lit("the record has "),
                F.octet_length("record_value").cast("string"),
                F.lit(f" bytes; at most {MAX_RECORD_BYTES} are allowed"),
            ),
        )
        .when(code == "malformed_json", not_json)
        .when(
            code == "unknown_event_type", F.concat(is_, F.lit(f"; known are {', '.join(known.event_types)}"))
        )
        .when(
            code == "unsupported_version",
            F.concat(is_, F.lit(f"; this platform reads {known.version}")),
        )
        .when(
            code == "missing_field",
            F.concat(field, F.lit(" is "), F.when(value.isNull(), "missing").otherwise("null")),
        )
        .when(
            code == "wrong_type", F.concat(is_, F.lit(", "), _type_name(value), F.lit("; it must be "), kinds)
        )
        .when(code == "invalid_value", F.concat(is_, F.lit("; it must "), forms))
        .when(code == "impossible_value", F.concat(is_, F.lit("; it must be "), ranges))
        .when(
            code == "time_in_future",
            F.concat(
                field,
                F.lit(" is "),
                F.try_variant_get(value, "$", "string"),
                F.lit("; the record arrived before "),
                _instant(window_end),
            ),
        )
    )
