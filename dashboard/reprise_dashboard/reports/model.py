"""A window report (contracts/report.ts) as the pipeline page uses it, read strictly.

A field that is not what the contract says is named, and the report is set aside rather than half shown.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from reprise_dashboard.pointer import parse_instant

_T = TypeVar("_T")

REPORT_VERSION = 1
STEPS = ("generate", "publish", "ingest", "reconcile", "compact", "load", "build", "publish_serving")


class ReportMalformed(Exception):
    """The message says which field, for the reader of the page."""


@dataclass(frozen=True)
class Failure:
    type: str
    message: str
    step: str | None = None


@dataclass(frozen=True)
class Step:
    name: str
    state: str
    started_at: datetime | None
    ended_at: datetime | None
    seconds: float | None
    attempts: int
    failure: Failure | None


@dataclass(frozen=True)
class HopSide:
    total: int
    content_hash: str | None
    by: Mapping[str, int]


@dataclass(frozen=True)
class Hop:
    name: str
    expected: HopSide
    observed: HopSide
    matches: bool
    differences: tuple[str, ...]


@dataclass(frozen=True)
class Counts:
    arrived: int
    valid: int
    quarantined: int
    duplicates: int


@dataclass(frozen=True)
class WindowReport:
    window: str
    window_start: datetime
    state: str
    reconciled: bool
    source: str
    seed: int
    requested_by: str
    started_at: datetime
    ended_at: datetime | None
    counts: Counts
    quarantined_by_reason: Mapping[str, int]
    hops: tuple[Hop, ...]
    steps: tuple[Step, ...]
    serving_version: str | None
    failure: Failure | None
    temporal_link: str | None
    airflow_link: str | None
    workflow_id: str

    @property
    def seconds(self) -> float | None:
        """From the first step's beginning to the last one's end; None while it runs."""
        return None if self.ended_at is None else (self.ended_at - self.started_at).total_seconds()

    @property
    def came_through(self) -> bool:
        """Also false for a report of an earlier version, which said so of windows that stopped later on."""
        return self.state == "completed" and self.reconciled

    @property
    def current_step(self) -> Step | None:
        return next((step for step in self.steps if step.state == "running"), None)

    @property
    def retried(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.attempts > 1)


class _Fields:
    """Typed access to one JSON object; `path` is what a complaint names."""

    def __init__(self, document: Any, path: str = "") -> None:
        if not isinstance(document, dict):
            raise ReportMalformed(f"{path or 'the document'} is not an object")
        self._document, self._path = document, path

    def _name(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def _get(self, key: str, kind: type | tuple[type, ...]) -> Any:
        value = self._document.get(key)
        # bool is an int to Python, not to a contract.
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise ReportMalformed(f"{self._name(key)} is {'absent' if value is None else 'of another type'}")
        return value

    def text(self, key: str) -> str:
        return str(self._get(key, str))

    def whole(self, key: str) -> int:
        return int(self._get(key, int))

    def flag(self, key: str) -> bool:
        return bool(self._get(key, bool))

    def number(self, key: str) -> float:
        return float(self._get(key, (int, float)))

    def instant(self, key: str) -> datetime:
        try:
            return parse_instant(self.text(key))
        except ValueError as error:
            raise ReportMalformed(f"{self._name(key)} is not a time") from error

    def maybe(self, key: str, read: Callable[[str], _T]) -> _T | None:
        return None if self._document.get(key) is None else read(key)

    def part(self, key: str) -> "_Fields":
        return _Fields(self._document.get(key), self._name(key))

    def parts(self, key: str) -> list["_Fields"]:
        return [_Fields(one, f"{self._name(key)}[{place}]") for place, one in enumerate(self._get(key, list))]

    def texts(self, key: str) -> tuple[str, ...]:
        return tuple(str(one) for one in self._get(key, list))

    def tally(self, key: str) -> dict[str, int]:
        part = self.part(key)
        return {name: part.whole(name) for name in part._document}


def _failure(fields: _Fields) -> Failure:
    return Failure(fields.text("type"), fields.text("message"), fields.maybe("step", fields.text))


def _step(fields: _Fields) -> Step:
    return Step(
        name=fields.text("step"),
        state=fields.text("state"),
        started_at=fields.maybe("started_at", fields.instant),
        ended_at=fields.maybe("ended_at", fields.instant),
        seconds=fields.maybe("seconds", fields.number),
        attempts=fields.whole("attempts"),
        failure=fields.maybe("failure", lambda key: _failure(fields.part(key))),
    )


def _side(fields: _Fields) -> HopSide:
    return HopSide(fields.whole("total"), fields.maybe("content_hash", fields.text), fields.tally("by"))


def _hop(fields: _Fields) -> Hop:
    return Hop(
        name=fields.text("hop"),
        expected=_side(fields.part("expected")),
        observed=_side(fields.part("observed")),
        matches=fields.flag("matches"),
        differences=fields.texts("differences"),
    )


def parse_report(document: Any) -> WindowReport:
    """Raises ReportMalformed."""
    fields = _Fields(document)
    if fields.whole("version") != REPORT_VERSION:
        raise ReportMalformed(
            f"it is version {fields.whole('version')}, and this page reads version {REPORT_VERSION}"
        )
    counts, links = fields.part("counts"), fields.part("links")
    return WindowReport(
        window=fields.text("window"),
        window_start=fields.instant("window_start"),
        state=fields.text("state"),
        reconciled=fields.flag("reconciled"),
        source=fields.text("source"),
        seed=fields.whole("seed"),
        requested_by=fields.text("requested_by"),
        started_at=fields.instant("started_at"),
        ended_at=fields.maybe("ended_at", fields.instant),
        counts=Counts(
            arrived=counts.whole("arrived"),
            valid=counts.whole("valid"),
            quarantined=counts.whole("quarantined"),
            duplicates=counts.whole("duplicates"),
        ),
        quarantined_by_reason=fields.tally("quarantined_by_reason"),
        hops=tuple(_hop(one) for one in fields.parts("hops")),
        steps=tuple(_step(one) for one in fields.parts("steps")),
        serving_version=fields.maybe("serving_version", fields.text),
        failure=fields.maybe("failure", lambda key: _failure(fields.part(key))),
        temporal_link=links.maybe("temporal", links.text),
        airflow_link=links.maybe("airflow", links.text),
        workflow_id=fields.part("workflow").text("workflow_id"),
    )
