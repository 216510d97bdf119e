"""Is the stream live: told from what it wrote last."""

from datetime import UTC, datetime, timedelta

import pytest

from reprise_dashboard.live.state import Batch, Commit, Life, Pulse, life_of
from reprise_dashboard.sections.now.state import ago

NOW = datetime(2026, 1, 5, 12, 30, tzinfo=UTC)


def _before(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def _pulse(
    batch: float | None = None, beat: float | None = None, stopped: float | None = None, lag: int = 0
) -> Pulse:
    """Each a number of seconds ago."""
    return Pulse(
        stream="live",
        started_at=_before(3_600),
        stopped_at=None if stopped is None else _before(stopped),
        beat_at=None if beat is None else _before(beat),
        watermark="2026-01-05T12:28:00Z",
        batch=None if batch is None else Batch(number=6, now_at=_before(batch)),
        commit=None if batch is None else Commit(number=5, at=_before(batch + 2), seconds=2.0, lag=lag),
    )


@pytest.mark.parametrize(
    ("pulse", "pace", "found"),
    [
        (_pulse(batch=2), 500, "live"),
        (_pulse(batch=2, lag=900), 500, "live"),
        (_pulse(batch=2, lag=7_000), 500, "live"),
        (_pulse(batch=2, lag=80_000), 500, "behind"),
        (_pulse(batch=40, beat=2), 500, "waiting"),
        (_pulse(batch=40, beat=2, lag=5), 500, "live"),
        (_pulse(beat=2), 0, "waiting"),
        (_pulse(batch=40), 500, "silent"),
        (_pulse(batch=400, beat=40), 500, "silent"),
        (_pulse(), 0, "silent"),
        (_pulse(batch=400, stopped=300), 500, "stopped"),
        (_pulse(batch=400, beat=301, stopped=300), 500, "stopped"),
        (_pulse(batch=400, beat=1, stopped=2), 500, "stopped"),
        # Started again without having taken back that it had stopped.
        (_pulse(batch=2, stopped=300), 500, "live"),
        # A clock a little ahead of this one.
        (_pulse(batch=-3), 500, "live"),
    ],
)
def test_life(pulse: Pulse, pace: float, found: Life) -> None:
    assert life_of(pulse, NOW, pace) == found


def test_seconds_are_counted_up_to_a_minute() -> None:
    assert ago(_before(2), NOW) == "2 s ago"
    assert ago(_before(59), NOW) == "59 s ago"
    assert ago(_before(130), NOW) == "2 minutes ago"
    assert ago(_before(-1), NOW) == "0 s ago"
