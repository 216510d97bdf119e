"""Duplicates, enrichment and the rows of each table."""

from datetime import date
from pathlib import Path

import pytest
from chispa.dataframe_comparer import assert_df_equality
from pyspark.sql import DataFrame, SparkSession
from records import LIKED, PLAYED, WINDOW_END, compact_json, event_id, raw_frame

from reprise_spark.classify import classify
from reprise_spark.contracts import LAKE_TABLES, table_schema
from reprise_spark.failures import JobFailure
from reprise_spark.shape import (
    event_rows,
    minute_rows,
    quarantine_rows,
    raw_rows,
    read_catalogue,
    repeated_ids,
    set_duplicates_aside,
)

TRACKS = (
    '{"track_id":"t-1","track_title":"One","artist_id":"a-1","artist_name":"Ada","album_id":"b-1",'
    '"album_name":"First","genre":"pop","duration_ms":201500,"release_date":"2024-05-17","is_explicit":false}\n'
)


def settle(spark: SparkSession, values: list[bytes | None]) -> DataFrame:
    # Kept, as the job keeps it: a filter pushed down into the rules would copy them without end.
    classified = classify(raw_frame(spark, values), WINDOW_END).persist()
    return set_duplicates_aside(classified, repeated_ids(classified))


def test_the_first_of_a_repeated_id_stays(spark: SparkSession) -> None:
    first = compact_json(PLAYED)
    again = compact_json({**PLAYED, "ms_played": 1})
    other = compact_json({**PLAYED, "event_id": event_id(2)})
    rows = {row.kafka_offset: row for row in settle(spark, [first, other, again, first]).collect()}
    assert [rows[offset].reason_code for offset in range(4)] == [
        None,
        None,
        "duplicate_event",
        "duplicate_event",
    ]
    assert rows[3].reason == f"event_id {PLAYED['event_id']} had arrived already, at offset 0 of partition 0"


def test_a_rejected_record_does_not_make_its_id_a_duplicate(spark: SparkSession) -> None:
    broken = compact_json({**PLAYED, "ms_played": -1})
    rows = settle(spark, [broken, compact_json(PLAYED), broken]).orderBy("kafka_offset").collect()
    assert [row.reason_code for row in rows] == ["impossible_value", None, "impossible_value"]


def test_every_record_lands_in_exactly_one_of_events_and_quarantine(spark: SparkSession) -> None:
    values = [compact_json(PLAYED), compact_json(PLAYED), b"nonsense", None, compact_json(LIKED)]
    settled = settle(spark, values)
    catalogue = read_catalogue(spark, None)
    # LIKED has the id of PLAYED: an id belongs to one event, whatever its type.
    assert event_rows(settled, catalogue).count() == 1
    kept = quarantine_rows(settled).orderBy("kafka_offset").collect()
    assert [row.reason_code for row in kept] == [
        "duplicate_event",
        "malformed_json",
        "malformed_json",
        "duplicate_event",
    ]
    assert [row.record_value for row in kept] == values[1:]
    assert [row.event_id for row in kept] == [PLAYED["event_id"], None, None, PLAYED["event_id"]]
    assert raw_rows(settled).count() == len(values)


def test_events_carry_the_attributes_of_their_track(spark: SparkSession, tmp_path: Path) -> None:
    file = tmp_path / "tracks.ndjson"
    file.write_text(TRACKS * 2)
    unknown = compact_json({**PLAYED, "event_id": event_id(2), "track_id": "t-unheard-of"})
    settled = settle(spark, [compact_json(PLAYED), unknown])
    known, other = event_rows(settled, read_catalogue(spark, file)).orderBy("kafka_offset").collect()
    assert (known.track_title, known.artist_name, known.duration_ms) == ("One", "Ada", 201_500)
    assert known.release_date == date(2024, 5, 17)
    assert known.is_explicit is False
    assert (other.track_id, other.track_title) == ("t-unheard-of", None)


def test_a_catalogue_that_is_none_is_told_so(spark: SparkSession, tmp_path: Path) -> None:
    file = tmp_path / "tracks.ndjson"
    file.write_text(TRACKS + "[]\n")
    with pytest.raises(JobFailure, match="no track"):
        read_catalogue(spark, file)


def test_minutes_count_events_and_time_played(spark: SparkSession) -> None:
    values = [
        compact_json(PLAYED),
        compact_json({**PLAYED, "event_id": event_id(2), "occurred_at": "2026-01-05T08:15:59.999999Z"}),
        compact_json({**LIKED, "event_id": event_id(3)}),
        compact_json(PLAYED),
    ]
    expected = spark.sql(
        """
        SELECT * FROM VALUES
          (TIMESTAMP '2026-01-05 08:00:00', TIMESTAMP '2026-01-05 08:15:00',
           'track_played', 'SE', 'mobile', 2L, 403000L),
          (TIMESTAMP '2026-01-05 08:00:00', TIMESTAMP '2026-01-05 08:15:00',
           'track_liked', 'SE', 'mobile', 1L, 0L)
        AS counts(window_start, minute, event_type, country, device, events, ms_played)
        """
    )
    assert_df_equality(
        minute_rows(settle(spark, list(values))),
        expected,
        ignore_row_order=True,
        ignore_nullable=True,
        ignore_metadata=True,
    )


def test_rows_have_the_columns_of_the_contract(spark: SparkSession) -> None:
    settled = settle(spark, [compact_json(PLAYED)])
    frames = {
        "raw": raw_rows(settled),
        "events": event_rows(settled, read_catalogue(spark, None)),
        "quarantine": quarantine_rows(settled),
        "minute_counts": minute_rows(settled),
    }
    assert set(frames) == set(LAKE_TABLES)
    for table, frame in frames.items():
        expected = [(field.name, field.dataType) for field in table_schema(table)]
        assert [(field.name, field.dataType) for field in frame.schema] == expected
