"""Instants as the now store and the progress lines write them."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)


def instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def minute_text(minute: int) -> str:
    return datetime.fromtimestamp(minute * 60, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def minute_of(at: datetime) -> int:
    return int(at.timestamp() // 60)


def window_text(start: datetime) -> str:
    return start.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
