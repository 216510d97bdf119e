"""Listeners count once a minute and value."""

from pathlib import Path

from reprise_spark.stream.aggregates import Listeners
from reprise_spark.stream.listeners import OpenListeners


def counts(folder: Path, batch: int, *groups: Listeners, closed: int = 0, query: str = "q") -> list[int]:
    """One batch of a process of its own."""
    listeners = OpenListeners(folder, query)
    try:
        found = [new for _, new in listeners.new_listeners(batch, groups)]
        listeners.close_before(closed)
        return found
    finally:
        listeners.close()


def test_a_listener_counts_once_a_minute_and_value(tmp_path: Path) -> None:
    folder = tmp_path / "listeners"
    one = Listeners(7, "all", "all", [1, 2, -3])
    assert counts(folder, 0, one, Listeners(7, "country", "SE", [1, 2])) == [3, 2]
    assert counts(folder, 1, Listeners(7, "all", "all", [2, 4]), Listeners(8, "all", "all", [2])) == [1, 1]


def test_a_batch_that_is_run_again_counts_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "listeners"
    counts(folder, 0, Listeners(7, "all", "all", [1]))
    again = Listeners(7, "all", "all", [1, 2, 3])
    assert counts(folder, 1, again) == [2]
    assert counts(folder, 1, again) == [2]
    assert counts(folder, 2, again) == [0]


def test_closed_minutes_are_forgotten(tmp_path: Path) -> None:
    folder = tmp_path / "listeners"
    groups = [Listeners(minute, "all", "all", [1]) for minute in (7, 8)]
    counts(folder, 0, *groups, closed=8)
    assert counts(folder, 1, *groups) == [1, 0]


def test_another_checkpoint_begins_anew(tmp_path: Path) -> None:
    folder = tmp_path / "listeners"
    counts(folder, 5, Listeners(7, "all", "all", [1]))
    assert counts(folder, 0, Listeners(7, "all", "all", [1]), query="another") == [1]
