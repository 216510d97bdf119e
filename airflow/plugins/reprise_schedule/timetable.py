"""An hourly schedule that catches up, but not without end."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction
from airflow.timetables.interval import CronDataIntervalTimetable
from pendulum import UTC, DateTime, instance


class BoundedCatchupTimetable(CronDataIntervalTimetable):
    """Data intervals of a cron expression; after a pause, only the last `catchup_intervals` of them.

    Airflow knows all (``catchup=True``) or one (``catchup=False``). A machine that slept for a month should
    neither run 720 windows nor forget yesterday. Older windows remain open to a backfill or a manual run.

    `first` is the first scheduled interval; without it the schedule begins with the last complete one. It
    is not the DAG's `start_date`: Airflow gives a run before that date no tasks, and calls it a success.
    """

    def __init__(
        self, cron: str, timezone: Any = UTC, *, catchup_intervals: int, first: datetime | None = None
    ) -> None:
        super().__init__(cron, timezone)
        if catchup_intervals < 1:
            raise ValueError("catchup_intervals must be at least 1")
        self.catchup_intervals = catchup_intervals
        self.first = first

    def serialize(self) -> dict[str, Any]:
        first = self.first.isoformat() if self.first else None
        return {**super().serialize(), "catchup_intervals": self.catchup_intervals, "first": first}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> BoundedCatchupTimetable:
        plain = CronDataIntervalTimetable.deserialize(data)
        assert isinstance(plain, CronDataIntervalTimetable)
        return cls(
            data["expression"],
            plain._timezone,
            catchup_intervals=data["catchup_intervals"],
            first=datetime.fromisoformat(data["first"]) if data["first"] else None,
        )

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        # Backfills ask through this method too, always with a last date; the DAG itself has none. They are
        # not bounded: whoever names a range means it.
        if restriction.catchup and restriction.latest is None:
            earliest = self._earliest(restriction.earliest, last_automated_data_interval is None)
            restriction = restriction._replace(earliest=earliest)
        return super().next_dagrun_info(
            last_automated_data_interval=last_automated_data_interval, restriction=restriction
        )

    def _earliest(self, start: DateTime | None, is_first_run: bool) -> DateTime:
        last_complete = self._skip_to_latest(None)
        bound = last_complete
        for _ in range(self.catchup_intervals - 1):
            bound = self._get_prev(bound)
        limits = [bound]
        if start is not None:
            limits.append(start)
        if self.first is not None:
            limits.append(instance(self.first))
        elif is_first_run:
            limits.append(last_complete)
        return max(limits)
