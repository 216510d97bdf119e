"""Minutes as the store writes them."""

from datetime import UTC, datetime, timedelta

import pandas as pd


def minute_text(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M}:00Z"


def first_of(as_of: datetime, minutes: int) -> str:
    """The first of so many minutes of which the one of `as_of`, not over yet, is the last."""
    return minute_text(as_of - timedelta(minutes=minutes - 1))


def all_minutes(as_of: datetime, minutes: int) -> pd.DatetimeIndex:
    last = pd.Timestamp(as_of).tz_convert("UTC").floor("min")
    return pd.date_range(end=last, periods=minutes, freq="min", name="minute")
