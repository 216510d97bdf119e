"""`current.json`: which snapshot readers open. It is replaced atomically: read whole or not at all."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


class SnapshotBroken(Exception):
    """The pointer or the file that it names cannot be used. The message is a sentence for the page."""


@dataclass(frozen=True)
class Pointer:
    version: str
    file: str
    published_at: datetime
    window: str


def parse_instant(text: str) -> datetime:
    """ISO 8601 with a zone, or without one: then it is UTC. Raises ValueError."""
    instant = datetime.fromisoformat(text)
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def read_pointer(path: Path) -> Pointer | None:
    """None when nothing was published yet. Raises SnapshotBroken when the pointer is not one."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SnapshotBroken(f"{path.name} cannot be read ({error.strerror}).") from error
    except ValueError as error:
        raise SnapshotBroken(f"{path.name} is not JSON.") from error
    try:
        pointer = Pointer(
            version=str(document["version"]),
            file=str(document["file"]),
            published_at=parse_instant(document["published_at"]),
            window=str(document.get("window", "")),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SnapshotBroken(
            f"{path.name} lacks a field, or one of them is not what it should be."
        ) from error
    if Path(pointer.file).name != pointer.file:
        raise SnapshotBroken(f"{path.name} names a file outside its own folder.")
    return pointer
