"""Whether the stream lives, from what it wrote last."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from reprise_dashboard.pointer import parse_instant

# A batch takes two or three seconds, ten in a burst, and the stream gives a sign every five meanwhile.
SILENCE_SECONDS = 20
# With more than so many seconds of work before it, the stream is catching up, not just between two batches.
BEHIND_SECONDS = 15

Life = Literal["live", "behind", "waiting", "silent", "stopped"]


@dataclass(frozen=True)
class Batch:
    """The newest one whose counts are in the store."""

    number: int
    now_at: datetime


@dataclass(frozen=True)
class Commit:
    """The newest batch that is in the lake as well; how long it took, and what it left waiting."""

    number: int
    at: datetime
    seconds: float
    lag: int


@dataclass(frozen=True)
class Pulse:
    """The stream as the store describes it."""

    stream: str
    started_at: datetime | None
    stopped_at: datetime | None
    beat_at: datetime | None
    watermark: str | None
    """Minute, as the store writes it. This one and those after it are provisional."""
    batch: Batch | None
    commit: Commit | None

    @property
    def lag(self) -> int:
        return self.commit.lag if self.commit else 0

    @property
    def last_deed(self) -> datetime | None:
        known = [self.started_at] if self.started_at else []
        known += [self.batch.now_at] if self.batch else []
        known += [self.commit.at] if self.commit else []
        return max(known, default=None)

    @property
    def last_sign(self) -> datetime | None:
        return max((one for one in (self.last_deed, self.beat_at) if one), default=None)

    @property
    def as_of(self) -> datetime | None:
        """What the page calls now: the newest batch. A stream that stopped so leaves its last picture."""
        return self.batch.now_at if self.batch else None


def instant_or_none(text: object) -> datetime | None:
    """An instant that is not one counts as absent: nothing on the page hangs on it alone."""
    try:
        return parse_instant(str(text)) if text else None
    except ValueError:
        return None


def life_of(pulse: Pulse, now: datetime, pace: float = 0.0) -> Life:
    """`pace`: records a second that the stream takes at present."""
    sign, deed = pulse.last_sign, pulse.last_deed
    # Its heart may beat once more after it said that it stops.
    if pulse.stopped_at and (deed is None or pulse.stopped_at >= deed):
        return "stopped"
    if sign is None or (now - sign).total_seconds() > SILENCE_SECONDS:
        return "silent"
    if pulse.batch is None:
        return "waiting"
    if pulse.lag > max(1_000.0, pace * BEHIND_SECONDS):
        return "behind"
    if (now - pulse.batch.now_at).total_seconds() > SILENCE_SECONDS and pulse.lag == 0:
        return "waiting"
    return "live"


def now() -> datetime:
    return datetime.now(UTC)
