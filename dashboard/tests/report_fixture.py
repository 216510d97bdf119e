"""Window reports as the platform writes them, for the tests and for looking at the page."""

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

STEPS = ["generate", "publish", "ingest", "reconcile", "compact", "load", "build", "publish_serving"]
_SECONDS = [1.6, 4.2, 21.5, 3.1, 14.2, 1.9, 9.4, 1.2]
_TYPES = {"track_played": 0.62, "track_skipped": 0.29, "track_liked": 0.05, "playlist_track_added": 0.04}
_REASONS = {
    "malformed_json": 4,
    "missing_field": 7,
    "wrong_type": 3,
    "impossible_value": 5,
    "unknown_event_type": 2,
}
_MARTS = {"hourly_activity": 240, "sessions": 5_200, "listeners": 1_900}
_SIDES = ("expected", "observed")

FIRST_WINDOW = datetime(2026, 1, 11, 12, tzinfo=UTC)


def window_id(start: datetime) -> str:
    return f"{start:%Y-%m-%dT%H:%M}Z"


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _hash(chance: random.Random) -> str:
    return f"{chance.getrandbits(64):016x}"


def _hops(
    chance: random.Random, counts: dict[str, int], by_type: dict[str, int], reasons: dict[str, int]
) -> Any:
    arrived, valid, bad = _hash(chance), _hash(chance), _hash(chance)
    readable = {**by_type, "unreadable": counts["arrived"] - sum(by_type.values())}
    added = by_type.get("playlist_track_added", 0)
    rows = [
        ("landing", counts["arrived"], arrived, readable),
        ("kafka", counts["arrived"], arrived, readable),
        ("raw", counts["arrived"], arrived, readable),
        ("events", counts["valid"], valid, by_type),
        ("quarantine", counts["quarantined"], bad, reasons),
        ("duplicates", counts["duplicates"], _hash(chance), {}),
        ("warehouse", counts["valid"], valid, by_type),
        (
            "marts",
            counts["valid"] - added,
            None,
            {kind: n for kind, n in by_type.items() if kind != "playlist_track_added"},
        ),
        ("serving", sum(_MARTS.values()), None, _MARTS),
    ]
    return [
        {
            "hop": hop,
            **{side: {"total": total, "content_hash": digest, "by": dict(by)} for side in _SIDES},
            "matches": True,
            "differences": [],
        }
        for hop, total, digest, by in rows
    ]


def completed(start: datetime, seed: int = 1, events: int = 20_000) -> dict[str, Any]:
    """A window that ran through and reconciled. The kinds below are made from it."""
    chance = random.Random(f"{seed}/{start}")
    reasons = {reason: share * events // 2_000 + chance.randint(0, 5) for reason, share in _REASONS.items()}
    quarantined = sum(reasons.values())
    duplicates = events // 100
    valid = events - quarantined - duplicates
    by_type = {name: int(valid * share) for name, share in _TYPES.items()}
    by_type["playlist_created"] = valid - sum(by_type.values())
    counts = {"arrived": events, "valid": valid, "quarantined": quarantined, "duplicates": duplicates}
    window = window_id(start)
    began = start + timedelta(hours=1, seconds=8)
    at, steps = began, []
    for step, usual in zip(STEPS, _SECONDS, strict=True):
        seconds = round(usual * chance.uniform(0.85, 1.25), 3)
        steps.append(
            {
                "step": step,
                "state": "completed",
                "started_at": _iso(at),
                "ended_at": _iso(at + timedelta(seconds=seconds)),
                "seconds": seconds,
                "attempts": 1,
                "failure": None,
            }
        )
        at += timedelta(seconds=seconds)
    return {
        "version": 1,
        "window": window,
        "window_start": _iso(start),
        "window_end": _iso(start + timedelta(hours=1)),
        "state": "completed",
        "reconciled": True,
        "source": "synthetic",
        "seed": seed,
        "events_requested": events,
        "requested_by": "airflow",
        "started_at": _iso(began),
        "ended_at": _iso(at),
        "counts": counts,
        "valid_by_type": by_type,
        "quarantined_by_reason": reasons,
        "hops": _hops(chance, counts, by_type, reasons),
        "steps": steps,
        "serving_version": f"{at:%Y%m%dT%H%M%SZ}",
        "failure": None,
        "links": {
            "temporal": f"http://127.0.0.1:18034/namespaces/default/workflows/window%2F{window}",
            "airflow": f"http://127.0.0.1:18080/dags/listening_window/runs/scheduled__{window}",
            "dashboard": "http://127.0.0.1:18051/pipeline",
        },
        "workflow": {"workflow_id": f"window/{window}", "run_id": "0197f0d2-0000-7000-8000-000000000000"},
        "airflow": {"dag_id": "listening_window", "run_id": f"scheduled__{window}"},
    }


def retried(start: datetime, step: str = "ingest", attempts: int = 3) -> dict[str, Any]:
    report = completed(start)
    one = report["steps"][STEPS.index(step)]
    one["attempts"], one["seconds"] = attempts, one["seconds"] * attempts
    return report


def _cut(report: dict[str, Any], after: int, state: str, began: datetime | None) -> None:
    """Step number `after` is in `state`, those behind it have not begun."""
    report["steps"][after].update(state=state, ended_at=None, seconds=None)
    if began is not None:
        report["steps"][after]["started_at"] = _iso(began)
    for one in report["steps"][after + 1 :]:
        one.update(state="pending", started_at=None, ended_at=None, seconds=None, attempts=0)
    report.update(serving_version=None)


def failed(start: datetime) -> dict[str, Any]:
    report = completed(start)
    _cut(report, STEPS.index("reconcile"), "failed", None)
    step = report["steps"][STEPS.index("reconcile")]
    step.update(seconds=2.8, ended_at=report["ended_at"])
    difference = "events holds 3 track_played fewer than the ledger says."
    step["failure"] = {"type": "DataQualityFailed", "message": difference}
    report["hops"] = report["hops"][:6]
    events = report["hops"][3]
    events["observed"]["total"] -= 3
    events["observed"]["by"]["track_played"] -= 3
    events["observed"]["content_hash"] = "00000000deadbeef"
    events.update(matches=False, differences=[difference, "The content hash of events is another one."])
    report.update(
        state="failed",
        reconciled=False,
        failure={"step": "reconcile", "type": "DataQualityFailed", "message": difference},
    )
    return report


def running(start: datetime, step: str = "ingest", began: datetime | None = None) -> dict[str, Any]:
    report = completed(start)
    began = began or datetime.now(UTC)
    _cut(report, STEPS.index(step), "running", began)
    report.update(started_at=_iso(began - timedelta(seconds=7)))
    report.update(state="running", reconciled=False, ended_at=None, hops=report["hops"][:2])
    report["counts"].update(arrived=0, valid=0, quarantined=0, duplicates=0)
    report.update(valid_by_type={}, quarantined_by_reason={})
    return report


def write_report(serving: Path, report: dict[str, Any]) -> Path:
    folder = serving / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{report['window'].replace(':', '-')}.json"
    file.write_text(json.dumps(report), encoding="utf-8")
    return file


def write_reports(serving: Path) -> None:
    """Ten hours: most went well, one was retried, one failed, the newest is running."""
    starts = [FIRST_WINDOW + timedelta(hours=hour) for hour in range(11)]
    kinds = {3: retried, 7: failed, 10: running}
    for hour, start in enumerate(starts):
        write_report(serving, kinds.get(hour, completed)(start))
