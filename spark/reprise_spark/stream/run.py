"""The life of the stream: from its start to its stop file."""

import json
import threading
import time
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from reprise_spark.lake import ensure_tables, table_name
from reprise_spark.preflight import require_access, require_kafka, require_object_store
from reprise_spark.session import start_session
from reprise_spark.spec import StreamSpec
from reprise_spark.stream.batch import STREAM_TABLES, BatchWork, Resources
from reprise_spark.stream.checkpoint import Checkpoint
from reprise_spark.stream.commits import OFFSETS, last_commit
from reprise_spark.stream.instants import instant, now
from reprise_spark.stream.listeners import OpenListeners
from reprise_spark.stream.now_store import NowStore
from reprise_spark.stream.seen_ids import SeenIds
from reprise_spark.stream.settle import classified_records
from reprise_spark.stream.source import Broker, Offsets, live_records, read_live
from reprise_spark.stream.tracks import Catalogue

LOOK_SECONDS = 0.1
BEAT_SECONDS = 5.0


class Stopping(Exception):
    """A batch that would have begun after the last one."""


class Gate:
    """Lets batches through one by one, until it is shut between two of them: a batch is never cut off."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shut = False

    def shut(self, patience: float) -> bool:
        """Whether no batch is under way, and none will be."""
        if not self._lock.acquire(timeout=patience):
            return False
        self._shut = True
        self._lock.release()
        return True

    def __enter__(self) -> None:
        self._lock.acquire()
        if self._shut:
            self._lock.release()
            raise Stopping

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def say(word: str, what: dict[str, Any]) -> None:
    """One line in one write: the caller reads by lines, and two threads speak."""
    print(f"{word} {json.dumps(what)}\n", end="", flush=True)


def start_offsets(spark: SparkSession, spec: StreamSpec, broker: Broker) -> Offsets:
    """Where a stream without a checkpoint begins: behind what it has brought into the tables, if it ever has,
    else at what Kafka still holds."""
    first = broker.first()
    found = [last_commit(spark, table_name(spec.lake, table), spec.stream) for table in STREAM_TABLES]
    told = [json.loads(one[OFFSETS]).get(spec.topic, {}) for one in found if one is not None]
    if not told:
        return first
    furthest = {
        int(one): max(int(offsets.get(one, 0)) for offsets in told) for offsets in told for one in offsets
    }
    return {one: max(at, furthest.get(one, 0)) for one, at in first.items()}


def begin(spark: SparkSession, spec: StreamSpec, checkpoint: Checkpoint, broker: Broker) -> DataFrame:
    """The topic from where the stream stands; where it began is written down before its first batch."""
    start = checkpoint.start()
    if start is None:
        start = start_offsets(spark, spec, broker)
        checkpoint.begin_at(start)
    return read_live(spark, spec, start)


def run(spec: StreamSpec) -> None:
    require_object_store(spec.lake)
    require_kafka(spec.brokers)
    spark = start_session(f"stream {spec.stream}", spec.lake)
    try:
        require_access(spark, spec.lake)
        ensure_tables(spark, spec.lake, STREAM_TABLES)
        broker = Broker(spark, spec.brokers, spec.topic)
        checkpoint = Checkpoint(spec.checkpoint)
        Stream(spark, spec, checkpoint, broker).run(begin(spark, spec, checkpoint, broker))
    finally:
        spark.stop()


class Stream:
    def __init__(self, spark: SparkSession, spec: StreamSpec, checkpoint: Checkpoint, broker: Broker) -> None:
        self._spark = spark
        self._spec = spec
        self._checkpoint = checkpoint
        self._broker = broker
        self._gate = Gate()
        self._broker_lock = threading.Lock()

    def _end_of_topic(self) -> Offsets:
        with self._broker_lock:
            end: Offsets = self._broker.end()
            return end

    def run(self, source: DataFrame) -> None:
        spec, checkpoint = self._spec, self._checkpoint
        query_id = checkpoint.query_id()
        store = NowStore(spec.now_file, spec.stream, query_id)
        ids = SeenIds(checkpoint.ids_folder)
        listeners = OpenListeners(checkpoint.listeners_folder, query_id)
        catalogue = Catalogue(self._spark, spec.catalogue_file, checkpoint.tracks_folder)
        work = BatchWork(
            Resources(
                spark=self._spark,
                spec=spec,
                query=query_id,
                checkpoint=checkpoint,
                ids=ids,
                listeners=listeners,
                now_store=store,
                catalogue=catalogue,
                end_of_topic=self._end_of_topic,
                say=say,
            )
        )

        def guarded(frame: DataFrame, number: int) -> None:
            with self._gate:
                work(frame, number)

        try:
            self._say_position()
            query = (
                classified_records(live_records(source))
                .writeStream.foreachBatch(guarded)
                .option("checkpointLocation", str(checkpoint.query_folder))
                .trigger(processingTime=f"{spec.trigger_ms} milliseconds")
                .queryName(spec.stream)
                .start()
            )
            self._watch(query, store)
            self._say_position()
            store.stopped()
        finally:
            catalogue.close()
            listeners.close()
            ids.close()
            store.close()

    def _say_position(self) -> None:
        """A line before the first batch and behind the last: the caller learns that the stream is there, and
        where."""
        batch, offsets = self._checkpoint.position()
        say(
            "progress",
            {
                "batch": batch,
                "at": instant(now()),
                **dict.fromkeys(("records", "valid", "quarantined", "duplicates", "lag"), 0),
                "seconds": 0,
                "offsets": {str(one): str(at) for one, at in sorted(offsets.items())},
                "windows": [],
            },
        )

    def _watch(self, query: StreamingQuery, store: NowStore) -> None:
        """Until the stop file is there and all that had arrived by then is in the tables."""
        target: Offsets | None = None
        beaten = time.monotonic()
        while query.isActive:
            time.sleep(LOOK_SECONDS)
            if time.monotonic() - beaten >= BEAT_SECONDS:
                store.beat()
                beaten = time.monotonic()
            if target is None and self._spec.stop_file.exists():
                target = self._end_of_topic()
            if target is None:
                continue
            _, position = self._checkpoint.position()
            if all(position.get(one, 0) >= at for one, at in target.items()) and self._gate.shut(
                LOOK_SECONDS
            ):
                query.stop()
                return
        raise query.exception() or RuntimeError("the query ended by itself")
