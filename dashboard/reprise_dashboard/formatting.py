"""Numbers and times as a reader sees them: 12,345 · 51.2 % · 3,210 h · 42 s · 5 January 2026, 08:00 UTC."""

from datetime import datetime

NOTHING = "–"


def count(value: float | None) -> str:
    return NOTHING if value is None else f"{value:,.0f}"


def percent(share: float | None) -> str:
    """Of a share between 0 and 1."""
    return NOTHING if share is None or share != share else f"{share * 100:.1f} %"


def hours(ms: float | None) -> str:
    if ms is None:
        return NOTHING
    value = ms / 3_600_000
    return f"{value:,.1f} h" if value < 100 else f"{value:,.0f} h"


def seconds(value: float | None) -> str:
    if value is None:
        return NOTHING
    if value < 100:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def whole_seconds(value: float) -> str:
    return f"{value:.0f} s" if value < 100 else seconds(value)


def instant(value: datetime | None) -> str:
    return NOTHING if value is None else f"{value:%Y-%m-%d %H:%M:%S} UTC"


def clock(value: datetime | None) -> str:
    return NOTHING if value is None else f"{value:%H:%M:%S}"


def age(then: datetime, now: datetime) -> str:
    """How long ago, in the one unit that matters. A clock a little ahead counts as now."""
    elapsed = max(0, int((now - then).total_seconds()))
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if elapsed >= size:
            number = elapsed // size
            return f"{number} {unit}{'' if number == 1 else 's'} ago"
    return "just now" if elapsed < 5 else f"{elapsed // 5 * 5} s ago"


def change(now: float | None, before: float | None) -> str | None:
    """Relative change as `+3.4 %`; None when there is nothing to compare with."""
    if now is None or not before:
        return None
    return f"{(now - before) / before * 100:+.1f} %"


def points(now: float | None, before: float | None) -> str | None:
    """Change of a share in percentage points."""
    if now is None or before is None or now != now or before != before:
        return None
    return f"{(now - before) * 100:+.1f} pp"
