"""The event contracts as Spark sees them: read from the schemas that are generated from `contracts/`."""

import graphlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pyspark.sql.types import StructType

GENERATED = Path(__file__).resolve().parents[2] / "contracts" / "generated"

LAKE_TABLES = ("raw", "events", "quarantine", "minute_counts")

# These two stand in contracts/events.ts, which generates no file for them; a test holds them equal.
MAX_RECORD_BYTES = 65_536
CLOCK_SKEW_MS = 300_000

TIME_FIELDS = ("occurred_at", "sent_at")
"""Fields that may not lie in the future, in the order in which they are blamed."""

Kind = Literal["string", "integer", "boolean"]


@dataclass(frozen=True)
class FieldRule:
    """What the contracts say of one field, as far as it decides whether a record is valid."""

    name: str
    kind: Kind
    pattern: str | None
    values: tuple[str, ...] | None
    example: Any
    minimum: int | None
    maximum: int | None
    is_timestamp: bool
    event_types: frozenset[str]
    """The event types that have the field; a field that the type lacks is ignored."""


@dataclass(frozen=True)
class EventContracts:
    event_types: tuple[str, ...]
    version: int
    fields: tuple[FieldRule, ...]
    """Every field of every type but event_type, in an order that suits each of them."""


def java_pattern(pattern: str) -> str:
    """Java's `$` also stands before a last line break; the contract's does not."""
    return pattern.removesuffix("$") + r"\z"


def _kind(schema: dict[str, Any]) -> Kind:
    match schema.get("type"):
        case "string":
            return "string"
        case "boolean":
            return "boolean"
        case "integer" | "number":
            return "integer"
    raise ValueError(f"a contract field is of a type that has no rule: {schema}")


def _rule(name: str, schema: dict[str, Any], event_types: frozenset[str]) -> FieldRule:
    values = schema.get("enum")
    return FieldRule(
        name=name,
        kind=_kind(schema),
        pattern=schema.get("pattern"),
        values=tuple(values) if values else None,
        example=next(iter(schema.get("examples", ())), None),
        minimum=schema.get("minimum"),
        maximum=schema.get("maximum"),
        is_timestamp=schema.get("format") == "date-time",
        event_types=event_types,
    )


def _types_in_contract_order() -> tuple[str, ...]:
    """The types as the sentence of `unknown_event_type` lists them; the file names only sort
    alphabetically."""
    return ("track_played", "track_skipped", "track_liked", "playlist_created", "playlist_track_added")


@cache
def event_contracts() -> EventContracts:
    """The rules of all event types at once.

    The same field follows the same rule in every type, so each is checked once a record and not once a type;
    the order merges the orders of the types, so that the first field at fault is the one that its contract
    names first.
    """
    schemas: dict[str, dict[str, Any]] = {
        path.stem: json.loads(path.read_text())["properties"]
        for path in sorted((GENERATED / "json-schema").glob("*.json"))
    }
    known = _types_in_contract_order()
    if set(known) != set(schemas):
        raise ValueError(f"the generated contracts are {sorted(schemas)}, not {sorted(known)}")
    versions = {properties["schema_version"]["const"] for properties in schemas.values()}
    if len(versions) != 1:
        raise ValueError(f"the contracts disagree about their version: {versions}")

    order: graphlib.TopologicalSorter[str] = graphlib.TopologicalSorter()
    rules: dict[str, FieldRule] = {}
    for event_type in known:
        names = [name for name in schemas[event_type] if name != "event_type"]
        for before, after in zip([None, *names], names, strict=False):
            order.add(after, *([before] if before else []))
        for name in names:
            having = frozenset(other for other in known if name in schemas[other])
            rule = _rule(name, schemas[event_type][name], having)
            if rules.setdefault(name, rule) != rule:
                raise ValueError(f"{name} follows one rule in {event_type} and another elsewhere")
    return EventContracts(
        event_types=known,
        version=versions.pop(),
        fields=tuple(rules[name] for name in order.static_order()),
    )


@cache
def table_schema(table: str) -> StructType:
    """The columns of a lake table."""
    return StructType.fromJson(json.loads((GENERATED / "spark" / f"{table}.json").read_text()))
