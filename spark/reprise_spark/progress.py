"""What a running job tells its caller: a line of stdout as each phase begins, and the seconds that each
took."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager


class Progress:
    def __init__(self, phases: Sequence[str]) -> None:
        self._phases = tuple(phases)
        self.seconds: dict[str, float] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Times one of the phases; the caller's heartbeat depends on its line being flushed."""
        done = self._phases.index(name)
        self._say(name, done)
        started = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - started, 3)

    def finished(self) -> None:
        self._say("done", len(self._phases))

    def _say(self, phase: str, done: int) -> None:
        line = json.dumps({"phase": phase, "done": done, "of": len(self._phases)})
        print(f"progress {line}", flush=True)
