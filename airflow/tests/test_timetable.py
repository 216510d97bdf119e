"""Which windows the schedule asks for, at which time and after which pause."""

from __future__ import annotations

from datetime import UTC, datetime

import pendulum
import pytest
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction
from reprise_schedule.timetable import BoundedCatchupTimetable

NOW = pendulum.datetime(2026, 3, 10, 12, 20)
UNBOUNDED = TimeRestriction(earliest=None, latest=None, catchup=True)


def hour(day: int, at: int) -> pendulum.DateTime:
    return pendulum.datetime(2026, 3, day, at)


def interval(start: pendulum.DateTime) -> DataInterval:
    return DataInterval(start=start, end=start.add(hours=1))


@pytest.fixture
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airflow.timetables.interval.utcnow", lambda: NOW)


@pytest.fixture
def timetable() -> BoundedCatchupTimetable:
    return BoundedCatchupTimetable("0 * * * *", catchup_intervals=24)


def start_of(run: DagRunInfo) -> pendulum.DateTime:
    assert run.data_interval is not None
    return run.data_interval.start


def after(
    timetable: BoundedCatchupTimetable,
    last: pendulum.DateTime | None,
    restriction: TimeRestriction = UNBOUNDED,
) -> DagRunInfo:
    found = timetable.next_dagrun_info(
        last_automated_data_interval=interval(last) if last else None, restriction=restriction
    )
    assert found is not None
    return found


@pytest.mark.usefixtures("at_noon")
class TestSchedule:
    def test_a_window_is_scheduled_at_its_end(self, timetable: BoundedCatchupTimetable) -> None:
        found = after(timetable, hour(10, 11))
        assert found.data_interval == interval(hour(10, 12))
        assert found.run_after == hour(10, 13)

    def test_it_begins_with_the_last_complete_hour(self, timetable: BoundedCatchupTimetable) -> None:
        assert after(timetable, None).data_interval == interval(hour(10, 11))

    def test_it_begins_with_the_first_window_when_that_is_known(self) -> None:
        timetable = BoundedCatchupTimetable(
            "0 * * * *", catchup_intervals=24, first=datetime(2026, 3, 10, 12, tzinfo=UTC)
        )
        assert after(timetable, None).data_interval == interval(hour(10, 12))

    def test_a_short_pause_is_caught_up_whole(self, timetable: BoundedCatchupTimetable) -> None:
        assert after(timetable, hour(10, 2)).data_interval == interval(hour(10, 3))

    def test_a_long_pause_leaves_24_windows_to_catch_up(self, timetable: BoundedCatchupTimetable) -> None:
        missed: list[pendulum.DateTime] = []
        last = hour(1, 0)
        while (found := after(timetable, last)).run_after <= NOW:
            last = start_of(found)
            missed.append(last)
        assert len(missed) == 24
        assert (missed[0], missed[-1]) == (hour(9, 12), hour(10, 11))

    def test_the_first_window_is_not_a_way_round_the_bound(self) -> None:
        timetable = BoundedCatchupTimetable(
            "0 * * * *", catchup_intervals=24, first=datetime(2026, 1, 1, tzinfo=UTC)
        )
        assert after(timetable, None).data_interval == interval(hour(9, 12))

    def test_a_backfill_is_not_bounded(self, timetable: BoundedCatchupTimetable) -> None:
        """As Airflow asks for one: from a date to a date, each window after the other."""
        restriction = TimeRestriction(earliest=hour(1, 0), latest=hour(1, 5), catchup=True)
        starts: list[pendulum.DateTime] = []
        last: pendulum.DateTime | None = None
        while found := timetable.next_dagrun_info(
            last_automated_data_interval=interval(last) if last else None, restriction=restriction
        ):
            last = start_of(found)
            starts.append(last)
        assert starts == [hour(1, at) for at in range(6)]

    def test_a_run_by_hand_without_an_interval_takes_the_last_complete_hour(
        self, timetable: BoundedCatchupTimetable
    ) -> None:
        assert timetable.infer_manual_data_interval(run_after=NOW) == interval(hour(10, 11))


def test_it_is_read_back_as_it_was() -> None:
    timetable = BoundedCatchupTimetable(
        "0 * * * *", catchup_intervals=3, first=datetime(2026, 3, 10, 12, tzinfo=UTC)
    )
    restored = BoundedCatchupTimetable.deserialize(timetable.serialize())
    assert restored.serialize() == timetable.serialize()
    assert (restored.catchup_intervals, restored.first) == (3, timetable.first)


def test_a_bound_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        BoundedCatchupTimetable("0 * * * *", catchup_intervals=0)
