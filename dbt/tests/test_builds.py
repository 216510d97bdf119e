"""What a build leaves behind: whole days, and a verdict on the marts."""

from conftest import Warehouse, succeeds

PLAYBACKS = (
    "select cast(activity_hour as date)::varchar, sum(playbacks) "
    "from marts.hourly_activity group by 1 order by 1"
)
STATE = "select window_start::varchar, state from lake.mart_state order by 1"
EVER = "1970-01-01 00:00:00"


def test_a_day_that_lost_its_events_is_emptied_and_others_stay(new_warehouse: Warehouse) -> None:
    warehouse = new_warehouse
    succeeds(warehouse.build)
    assert warehouse.sql(PLAYBACKS) == [("2026-01-04", 1), ("2026-01-05", 2)]
    assert warehouse.sql(STATE) == [(EVER, "audited")]

    warehouse.sql("delete from lake.events where event_id in ('d', 'b')")
    warehouse.sql("delete from lake.minute_counts")
    succeeds(
        warehouse.build,
        affected_dates=["2026-01-04"],
        window_start="2026-01-07 00:00:00",
        window_end="2026-01-07 01:00:00",
        # The day that is not named keeps what was built of it.
    )
    assert warehouse.sql(PLAYBACKS) == [("2026-01-05", 2)]
    assert warehouse.sql(STATE) == [(EVER, "audited"), ("2026-01-07 00:00:00", "audited")]


def test_a_failed_test_stops_what_depends_on_it(new_warehouse: Warehouse) -> None:
    warehouse = new_warehouse
    warehouse.sql("update lake.events set ms_played = -5 where event_id = 'b'")
    result = warehouse.build()
    assert result.returncode == 1
    assert warehouse.sql(STATE) == [(EVER, "failed")]
    statuses = {one["unique_id"]: one["status"] for one in warehouse.artifact("run_results.json")["results"]}
    assert statuses["model.reprise.hourly_activity"] == "skipped"
    assert [name for name, status in statuses.items() if status == "fail"]


def test_counts_that_disagree_with_the_stream_fail(new_warehouse: Warehouse) -> None:
    warehouse = new_warehouse
    warehouse.sql("update lake.minute_counts set events = events + 1 where event_type = 'track_liked'")
    assert warehouse.build().returncode == 1
    statuses = {one["unique_id"]: one["status"] for one in warehouse.artifact("run_results.json")["results"]}
    failed = [name.split(".")[2] for name, status in statuses.items() if status == "fail"]
    assert failed == ["assert_stream_counts_match_events"]


def test_a_build_forgets_what_was_recorded_of_the_days_that_it_changes(new_warehouse: Warehouse) -> None:
    warehouse = new_warehouse
    succeeds(warehouse.build)
    warehouse.sql(
        "insert into lake.mart_content values ('sessions', '2026-01-04', '1', '2', '3'),"
        " ('sessions', '2026-01-05', '1', '2', '3'), ('listeners', 'all', '1', '2', '3')"
    )
    recorded = "select day from lake.mart_content order by 1"
    bounds = {"window_start": "2026-01-07 00:00:00", "window_end": "2026-01-07 01:00:00"}
    succeeds(warehouse.build, affected_dates=["2026-01-04"], **bounds)
    assert warehouse.sql(recorded) == [("2026-01-05",)]
    # A window without events touches no day.
    succeeds(warehouse.build, affected_dates=[], **bounds)
    assert warehouse.sql(recorded) == [("2026-01-05",)]
    # By hand, for no window and no days, it may change all of them.
    succeeds(warehouse.build)
    assert warehouse.sql(recorded) == []
