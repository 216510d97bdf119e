"""Makes the schedule known to Airflow, which reads back only timetables that a plugin has registered."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin
from reprise_schedule.timetable import BoundedCatchupTimetable


class ReprisePlugin(AirflowPlugin):
    name = "reprise"
    timetables = [BoundedCatchupTimetable]  # noqa: RUF012 - declared as a list by Airflow
