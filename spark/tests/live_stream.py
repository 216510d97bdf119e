"""A stream of a test's own: its topic, its tables, its checkpoint, and what they hold in the end."""

import sqlite3
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from broker import TopicName
from pyspark.sql import SparkSession

from reprise_spark.lake import ensure_tables, table_name
from reprise_spark.spec import LakeAccess, StreamSpec
from reprise_spark.stream.batch import STREAM_TABLES
from reprise_spark.stream.checkpoint import Checkpoint
from reprise_spark.stream.run import Stream, begin
from reprise_spark.stream.source import Broker

Place = tuple[int, int]


@dataclass
class LiveStream:
    spark: SparkSession
    topic: TopicName
    lake: LakeAccess
    folder: Path
    catalogue_file: Path | None = None
    max_records: int = 1_000

    @property
    def spec(self) -> StreamSpec:
        return StreamSpec(
            stream="live",
            lake=self.lake,
            brokers=self.topic.brokers,
            topic=self.topic.name,
            trigger_ms=100,
            max_records_per_batch=self.max_records,
            checkpoint=self.folder / "checkpoint",
            catalogue_file=self.catalogue_file,
            now_file=self.folder / "now.sqlite",
            stop_file=self.folder / "stop",
        )

    def drain(self) -> None:
        """Starts the stream, lets it take what has arrived, and ends it by its stop file."""
        self.spec.stop_file.touch()
        ensure_tables(self.spark, self.lake, STREAM_TABLES)
        broker = Broker(self.spark, self.topic.brokers, self.topic.name)
        checkpoint = Checkpoint(self.spec.checkpoint)
        try:
            source = begin(self.spark, self.spec, checkpoint, broker)
            Stream(self.spark, self.spec, checkpoint, broker).run(source)
        finally:
            broker.close()

    def rows(self, table: str) -> list[Any]:
        return self.spark.table(table_name(self.lake, table)).collect()

    def places(self, table: str) -> Counter[Place]:
        """How often each of the topic's records stands in a table."""
        return Counter((row.kafka_partition, row.kafka_offset) for row in self.rows(table))

    def reasons(self) -> dict[Place, str]:
        return {(row.kafka_partition, row.kafka_offset): row.reason_code for row in self.rows("quarantine")}

    def now(self, query: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.spec.now_file) as db:
            return db.execute(query).fetchall()

    def plays(self) -> int:
        """Events of every minute that the now store holds, late ones included."""
        ((on_time,),) = self.now("select coalesce(sum(events), 0) from minute_counts where dimension = 'all'")
        ((late,),) = self.now("select coalesce(sum(events), 0) from late_minutes")
        return int(on_time) + int(late)

    def assert_whole(self, live: int) -> None:
        """Every live record stands in raw once, and in one of events and quarantine once."""
        raw, events, quarantine = (self.places(table) for table in STREAM_TABLES)
        assert raw.total() == live
        assert set(raw.values()) == {1}
        assert events + quarantine == raw
