"""One reading a batch for everybody who has the page open, however many they are."""

import logging
import sqlite3
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import streamlit as st

from reprise_dashboard.live.picture import Common, Picture, read_common, read_minutes
from reprise_dashboard.live.state import Pulse
from reprise_dashboard.live.store import StoreBroken, reading
from reprise_dashboard.queries.now.minutes import EVERYONE, Scope
from reprise_dashboard.queries.now.pulse import pulse

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Look:
    """What a reading found: no store yet, a stream without batches, or a picture; and what is wrong, if any.

    With a problem, the picture is the last good one.
    """

    pulse: Pulse | None = None
    picture: Picture | None = None
    problem: str | None = None


@dataclass
class Reader:
    file: Path
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _pulse: Pulse | None = None
    _common: Common | None = None
    _minutes: dict[Scope, pd.DataFrame] = field(default_factory=dict)
    _said: str | None = None

    def look(self, scope: Scope = EVERYONE) -> Look:
        with self._lock:
            try:
                with reading(self.file) as connection:
                    found = self._read(connection, scope) if connection else Look()
            except StoreBroken as problem:
                if str(problem) != self._said:
                    log.warning("live store refused: %s", problem, exc_info=problem.__cause__)
                self._said = str(problem)
                return Look(self._pulse, self._last_good(scope), str(problem))
            self._said = None
            return found

    def _read(self, connection: sqlite3.Connection, scope: Scope) -> Look:
        seen = pulse(connection)
        if seen.batch is None or seen.as_of is None:
            return Look(pulse=seen)
        old = self._pulse
        # The commit of a batch comes after its counts: both are a change.
        changed = old is None or (seen.batch, seen.commit, seen.watermark) != (
            old.batch,
            old.commit,
            old.watermark,
        )
        common = read_common(connection, seen.as_of) if changed or not self._common else self._common
        kept = {} if changed else self._minutes
        frame = kept.get(scope)
        if frame is None:
            frame = read_minutes(connection, seen, seen.as_of, scope)
        # Only what was read to the end is remembered, of the newest batch only.
        self._pulse, self._common, self._minutes = seen, common, {**kept, scope: frame}
        return Look(seen, Picture(seen, common, frame))

    def _last_good(self, scope: Scope) -> Picture | None:
        if self._pulse is None or self._common is None or scope not in self._minutes:
            return None
        return Picture(self._pulse, self._common, self._minutes[scope])


@st.cache_resource(show_spinner=False, max_entries=4)
def reader_of(file: Path) -> Reader:
    return Reader(file)
