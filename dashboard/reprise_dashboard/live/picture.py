"""All that the page shows of one batch, read in one transaction."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from reprise_dashboard.live.state import Pulse
from reprise_dashboard.queries.now import batches, minutes, tracks, trouble
from reprise_dashboard.queries.now.minutes import Scope

PACE_MINUTES = 15
CHART_MINUTES = 60
SPLIT_MINUTES = 10
TROUBLE_MINUTES = 60
_ROWS = 10
_MOST_VALUES = {"country": 8, "device": 6, "genre": 8}


@dataclass(frozen=True)
class Common:
    """The same for every reader."""

    as_of: datetime
    steps: pd.DataFrame
    batches: pd.DataFrame
    top: pd.DataFrame
    rising: pd.DataFrame
    splits: dict[str, pd.DataFrame]
    quarantine: pd.DataFrame
    disorder: trouble.Disorder
    scopes: list[Scope]
    """What the minutes may be narrowed down to."""

    @property
    def pace(self) -> float:
        return batches.pace_now(self.steps)


@dataclass(frozen=True)
class Picture:
    pulse: Pulse
    common: Common
    minutes: pd.DataFrame
    """Of the scope that the reader chose."""


def read_common(connection: sqlite3.Connection, as_of: datetime) -> Common:
    recent = batches.batches(connection, as_of, PACE_MINUTES)
    return Common(
        as_of=as_of,
        steps=batches.pace(recent, as_of, PACE_MINUTES),
        batches=recent,
        top=tracks.top_tracks(connection, as_of, _ROWS),
        rising=tracks.rising_tracks(connection, as_of, _ROWS),
        splits={
            dimension: minutes.split(connection, dimension, as_of, SPLIT_MINUTES, most)
            for dimension, most in _MOST_VALUES.items()
        },
        quarantine=trouble.quarantine(connection, as_of, TROUBLE_MINUTES),
        disorder=trouble.disorder(connection, as_of, TROUBLE_MINUTES),
        scopes=minutes.scopes(connection, as_of, SPLIT_MINUTES),
    )


def read_minutes(connection: sqlite3.Connection, pulse: Pulse, as_of: datetime, scope: Scope) -> pd.DataFrame:
    return minutes.minutes(connection, scope, as_of, CHART_MINUTES, pulse.watermark)
