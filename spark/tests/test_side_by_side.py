"""Compaction of one hour while another driver, the stream, commits to the next one, again and again."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from pyspark.sql import SparkSession
from records import WINDOW_END, WINDOW_START, small_commit

from reprise_spark.compact import PHASES, compact
from reprise_spark.contracts import LAKE_TABLES
from reprise_spark.lake import ensure_tables, replace_window, table_name, window_data_files, window_rows
from reprise_spark.progress import Progress
from reprise_spark.spec import LakeAccess, WindowSpec

COMMITS = 40
FILES = 3


def test_neither_fails_the_other(
    spark: SparkSession, lake: LakeAccess, lake_folder: Path, tmp_path: Path
) -> None:
    ensure_tables(spark, lake, LAKE_TABLES)
    for table in ("quarantine", "minute_counts"):
        # As closing leaves them: nothing was set aside, and yet each table has a version.
        name = table_name(lake, table)
        replace_window(window_rows(spark, name, WINDOW_START), name, WINDOW_START, {})
    report = tmp_path / "report.json"
    spec = WindowSpec("2026-01-05T08:00Z", WINDOW_START, WINDOW_END, lake, report)
    stream = subprocess.Popen(
        [
            sys.executable,
            str(Path(__file__).with_name("append_hour.py")),
            *(str(lake_folder), lake.namespace, str(COMMITS)),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert stream.stdout is not None
    # From its first commit to its last: compaction is under way all the time.
    assert stream.stdout.readline() == "0\n"
    compacted = 0
    while stream.poll() is None:
        for number in range(FILES):
            small_commit(spark, lake, WINDOW_START, compacted * FILES + number)
        compact(spark, spec, Progress(PHASES))
        compacted += 1
        rewritten = json.loads(report.read_text())["rewritten"]
        assert rewritten["raw"]["after"]["files"] == rewritten["events"]["after"]["files"] == 1
    assert stream.wait() == 0
    assert compacted > 1
    for table in ("raw", "events"):
        name = table_name(lake, table)
        earlier = window_rows(spark, name, WINDOW_START)
        current = window_rows(spark, name, WINDOW_END)
        for rows, count in ((earlier, compacted * FILES), (current, COMMITS)):
            offsets = [row.kafka_offset for row in rows.select("kafka_offset").collect()]
            assert sorted(offsets) == list(range(count))
        # What is still being filled is left alone.
        files = list(window_data_files(spark, name, WINDOW_END, WINDOW_END + timedelta(hours=1)))
        assert len(files) == COMMITS
