"""What is read from the generated contracts, and what is written here because no file is generated for it."""

import re

from reprise_spark.contracts import (
    CLOCK_SKEW_MS,
    GENERATED,
    MAX_RECORD_BYTES,
    event_contracts,
    java_pattern,
    table_schema,
)

CONTRACTS = GENERATED.parent


def constant(file: str, name: str) -> int:
    found = re.search(rf"{name} = ([\d_]+);", (CONTRACTS / file).read_text())
    assert found is not None
    return int(found[1])


def test_limits_are_those_of_the_contract() -> None:
    assert constant("events.ts", "MAX_RECORD_BYTES") == MAX_RECORD_BYTES
    assert constant("events.ts", "CLOCK_SKEW_MS") == CLOCK_SKEW_MS


def test_event_types_are_in_the_order_of_the_contract() -> None:
    text = (CONTRACTS / "events.ts").read_text()
    listed = re.search(r"EVENT_CONTRACTS = \{(.*?)\}", text, re.DOTALL)
    assert listed is not None
    assert tuple(re.findall(r"^  (\w+):", listed[1], re.MULTILINE)) == event_contracts().event_types


def test_fields_are_in_the_order_of_each_contract() -> None:
    names = [rule.name for rule in event_contracts().fields]
    assert names[:3] == ["event_id", "schema_version", "occurred_at"]
    assert names.index("playlist_id") < names.index("track_id") < names.index("position")
    assert names.index("track_id") < names.index("ms_played") < names.index("context")


def test_every_field_is_a_column_of_events() -> None:
    assert {rule.name for rule in event_contracts().fields} < set(table_schema("events").fieldNames())


def test_an_end_is_the_very_end() -> None:
    assert java_pattern("^[A-Z]{2}$") == r"^[A-Z]{2}\z"
