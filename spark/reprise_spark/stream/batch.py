"""What a micro-batch does: settle, tell the now store, append to the tables, say so.

Each part may be done twice: a batch that was cut off anywhere is run again with the same records, and what it
has done already is recognised by its number.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from pyspark import inheritable_thread_target
from pyspark.sql import DataFrame, SparkSession
from pyspark.storagelevel import StorageLevel

from reprise_spark.lake import table_name
from reprise_spark.shape import event_rows, quarantine_rows, raw_rows
from reprise_spark.spec import StreamSpec
from reprise_spark.stream.aggregates import facts
from reprise_spark.stream.checkpoint import Checkpoint
from reprise_spark.stream.commits import Batch, append, is_committed
from reprise_spark.stream.housekeeping import EVERY_BATCHES, expire_own_snapshots
from reprise_spark.stream.instants import instant, now, window_text
from reprise_spark.stream.listeners import OpenListeners
from reprise_spark.stream.now_store import BatchFigures, NowStore
from reprise_spark.stream.seen_ids import SeenIds
from reprise_spark.stream.settle import Arrived, arrived, lake_entries, settled
from reprise_spark.stream.source import Offsets
from reprise_spark.stream.tracks import Catalogue

STREAM_TABLES = ("raw", "events", "quarantine")

# Up to here one file a table is written: files cost more than rows.
ONE_FILE_RECORDS = 50_000


@dataclass
class Resources:
    """What a batch works with; it outlives the batches."""

    spark: SparkSession
    spec: StreamSpec
    query: str
    checkpoint: Checkpoint
    ids: SeenIds
    listeners: OpenListeners
    now_store: NowStore
    catalogue: Catalogue
    end_of_topic: Callable[[], Offsets]
    say: Callable[[str, dict[str, Any]], None]
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(len(STREAM_TABLES)))
    background: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))


class Parts:
    """Seconds that each part of a batch took."""

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._started = self._last
        self.seconds: dict[str, float] = {}

    def done(self, part: str) -> None:
        at = time.monotonic()
        self.seconds[part] = round(at - self._last, 3)
        self._last = at

    @property
    def total(self) -> float:
        return time.monotonic() - self._started


class BatchWork:
    """The function that Spark calls for each batch, with its records classified.

    That the stream classifies and not the batch saves half of a batch's time: so large a plan takes longer
    to make than to run, and the stream makes it once.
    """

    def __init__(self, resources: Resources) -> None:
        self._on = resources
        self._is_first = True

    def __call__(self, records: DataFrame, number: int) -> None:
        started_at, parts = now(), Parts()
        on = self._on
        batch = Batch(
            stream=on.spec.stream,
            query=on.query,
            number=number,
            begin=on.checkpoint.begin(number),
            end=on.checkpoint.end(number),
        )
        classified = records.persist(StorageLevel.MEMORY_AND_DISK)
        try:
            got = arrived(classified)
            parts.done("classify")
            repeats = on.ids.settle(
                on.query,
                number,
                got.packed,
                partial(lake_entries, on.spark, table_name(on.spec.lake, "events"), batch.begin),
            )
            parts.done("ids")
            figures = BatchFigures(
                batch=number,
                started_at=started_at,
                records=got.records,
                valid=got.valid - len(repeats),
                quarantined=got.records - got.valid,
                duplicates=len(repeats),
                newest=got.newest,
                sent=got.sent,
            )
            if got.records:
                self._tell_and_append(batch, classified, got, figures, settled(classified, repeats), parts)
        finally:
            classified.unpersist()
        self._is_first = False
        if number % EVERY_BATCHES == EVERY_BATCHES - 1:
            on.background.submit(inheritable_thread_target(on.spark)(self._keep_house))
        self._finish(batch, got, figures, parts)

    def _tell_and_append(
        self,
        batch: Batch,
        classified: DataFrame,
        got: Arrived,
        figures: BatchFigures,
        known: DataFrame,
        parts: Parts,
    ) -> None:
        on = self._on
        tracks = on.catalogue.tracks(got.tracks)
        self._tell(figures, known, tracks)
        parts.done("now")
        rows = {
            "raw": raw_rows(classified),
            "events": event_rows(known, tracks),
            "quarantine": quarantine_rows(known),
        }
        if got.records <= ONE_FILE_RECORDS:
            rows = {table: frame.coalesce(1) for table, frame in rows.items()}
        if figures.quarantined + figures.duplicates == 0:
            del rows["quarantine"]
        self._append(batch, rows)
        parts.done("tables")

    def _tell(self, figures: BatchFigures, known: DataFrame, tracks: DataFrame) -> None:
        store = self._on.now_store
        if store.holds(figures.batch):
            return
        found = facts(known, tracks)
        open_minutes = [group for group in found.listeners if group.minute >= store.watermark]
        store.add(figures, found, self._on.listeners.new_listeners(figures.batch, open_minutes))
        self._on.listeners.close_before(store.watermark)

    def _append(self, batch: Batch, rows: dict[str, DataFrame]) -> None:
        on = self._on

        def bring(table: str, frame: DataFrame) -> None:
            name = table_name(on.spec.lake, table)
            if self._is_first and is_committed(on.spark, name, batch, frame):
                return
            append(frame, name, on.spec.topic, batch)

        tasks = [
            on.pool.submit(inheritable_thread_target(on.spark)(bring), table, frame)
            for table, frame in rows.items()
        ]
        # All of them end before the batch does, also when one fails.
        failures = [failure for failure in (task.exception() for task in tasks) if failure is not None]
        if failures:
            raise failures[0]

    def _keep_house(self) -> None:
        on = self._on
        for table in STREAM_TABLES:
            try:
                expire_own_snapshots(on.spark, table_name(on.spec.lake, table), on.spec.stream)
            except Exception as error:
                # Nothing depends on it; the next time will do.
                on.say("note", {"message": f"old snapshots of {table} stay: {error}"[:300]})

    def _finish(self, batch: Batch, got: Arrived, figures: BatchFigures, parts: Parts) -> None:
        on = self._on
        end = on.end_of_topic()
        lag = sum(max(0, at - batch.end.get(one, 0)) for one, at in end.items())
        seconds = round(parts.total, 3)
        on.now_store.committed(batch.number, seconds, lag)
        on.say(
            "progress",
            {
                "batch": batch.number,
                "at": instant(now()),
                "records": figures.records,
                "valid": figures.valid,
                "quarantined": figures.quarantined,
                "duplicates": figures.duplicates,
                "seconds": seconds,
                "parts": parts.seconds,
                "lag": lag,
                "offsets": {str(one): str(at) for one, at in sorted(batch.end.items())},
                "windows": [window_text(start) for start in got.windows],
            },
        )
