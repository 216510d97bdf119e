"""From a data interval and a run's parameters to the input of the workflow ``listeningWindow``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypedDict

from reprise_temporal.settings import WindowDefaults

# Names shared with contracts/task-queues.ts and contracts/window.ts; tests/test_contracts.py compares them.
WORKFLOW = "listeningWindow"
PLAN_WORKFLOW = "replayPlan"
JOINED_SIGNAL = "joined"
SOURCES = ("auto", "live", "generated")
STEPS = ("generate", "publish", "ingest", "reconcile", "compact", "load", "build", "publish_serving")
QUARANTINE_REASONS = (
    "oversized",
    "malformed_json",
    "unknown_event_type",
    "unsupported_version",
    "missing_field",
    "wrong_type",
    "invalid_value",
    "impossible_value",
    "time_in_future",
)
TASK_QUEUE = "reprise-control"
WINDOW = timedelta(hours=1)


class Requester(TypedDict):
    """The task that waits for the workflow."""

    dag_id: str
    run_id: str
    task_id: str
    try_number: int


class ReplayOrder(TypedDict):
    """Who wants a window played again, and why."""

    by: str
    why: str


def replay_order(by: str, why: str | None) -> ReplayOrder:
    return ReplayOrder(by=by[:200], why=(why or "no reason was given")[:500])


@dataclass(frozen=True)
class WindowRequest:
    """What the window is asked to be; the same request gives the same bytes."""

    window: str
    events: int
    seed: int
    shards: int
    volume_shape: str = "flat"
    # auto: an hour that has filled by itself is closed, and every other one is generated.
    source: str = "auto"
    # The first step to run; None: from the beginning.
    from_step: str | None = None
    replay: ReplayOrder | None = None
    # Judge the records by the rules of today first; by which rules that was planned.
    amend: bool = False
    rules: str | None = None

    @property
    def workflow_id(self) -> str:
        return f"window/{self.window}"

    def settings(self) -> dict[str, int | str]:
        return {
            "events": self.events,
            "seed": self.seed,
            "shards": self.shards,
            "volume_shape": self.volume_shape,
        }

    def workflow_input(self, requester: Requester) -> dict[str, Any]:
        """``contracts/steps.ts``: ListeningWindowInput."""
        asked_by = f"airflow {requester['dag_id']} {requester['run_id']}"
        return {
            "window": self.window,
            **self.settings(),
            "source": self.source,
            "requested_by": asked_by[:200],
            "airflow": dict(requester),
            **({"from_step": self.from_step} if self.from_step else {}),
            **({"replay": dict(self.replay)} if self.replay else {}),
            **({"amend": True} if self.amend else {}),
            **({"rules": self.rules} if self.amend and self.rules else {}),
        }


def window_id(start: datetime | None, end: datetime | None) -> str:
    """The window's canonical name, ``2026-01-05T08:00Z``.

    :raises ValueError: when the interval is not one full hour, UTC.
    """
    if start is None or end is None:
        raise ValueError("the run has no data interval, so it names no window")
    start_utc = start.astimezone(UTC)
    if end - start != WINDOW or start_utc != start_utc.replace(minute=0, second=0, microsecond=0):
        raise ValueError(
            f"a window is one full hour, not {start.isoformat()} to {end.isoformat()}; "
            "give the run data_interval_start and data_interval_end"
        )
    return start_utc.strftime("%Y-%m-%dT%H:%MZ")


def window_request(
    start: datetime | None, end: datetime | None, params: Mapping[str, Any], defaults: WindowDefaults
) -> WindowRequest:
    """A parameter that is absent or null takes the installation's default."""

    def chosen(name: str, default: int) -> int:
        value = params.get(name)
        return default if value is None else int(value)

    return WindowRequest(
        window=window_id(start, end),
        events=chosen("events", defaults.events),
        seed=chosen("seed", defaults.seed),
        shards=chosen("shards", defaults.shards),
        volume_shape=params.get("volume_shape") or defaults.volume_shape,
        source=params.get("source") or "auto",
    )
