"""The last replays of a window (contracts/replay.ts), mirrored beside the reports; the newest first."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from reprise_dashboard.pointer import parse_instant


@dataclass(frozen=True)
class Replay:
    started_at: datetime
    by: str
    why: str
    from_step: str
    before: str | None
    after: str | None
    reconciled: bool
    identical: bool | None
    remarks: tuple[str, ...]


def _replay(document: dict[str, Any]) -> Replay:
    before, after = document["before"] or {}, document["after"] or {}
    return Replay(
        started_at=parse_instant(document["started_at"]),
        by=str(document["order"]["by"]),
        why=str(document["order"]["why"]),
        from_step=str(document["from_step"]),
        before=before.get("state"),
        after=after.get("state"),
        reconciled=bool(after.get("reconciled")),
        identical=document["identical"],
        remarks=tuple(
            str(one) for name in ("amended", "differences", "remarks") for one in document.get(name, ())
        ),
    )


def read_replays(folder: Path, window: str) -> tuple[Replay, ...]:
    """A file that is not there, or not what it should be, shows nothing: the record is on the store."""
    try:
        documents = json.loads((folder / f"{window.replace(':', '-')}.json").read_text(encoding="utf-8"))
        return tuple(_replay(document) for document in documents)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ()
