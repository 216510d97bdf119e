"""A stream in a process of its own: its JVM is killed where it is told to be, or it takes what is there."""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from broker import TopicName
from live_stream import LiveStream
from local_lake import lake_in, session

from reprise_spark.stream import batch
from reprise_spark.stream.commits import append


def between_two_tables(kill: Callable[[], None]) -> None:
    """Two of the batch's three tables are committed."""
    committed = threading.Semaphore(0)

    def append_or_die(rows: Any, name: str, *rest: Any) -> None:
        if name.endswith("quarantine"):
            for _ in ("raw", "events"):
                committed.acquire()
            kill()
        append(rows, name, *rest)
        committed.release()

    vars(batch)["append"] = append_or_die


def before_the_checkpoint(kill: Callable[[], None]) -> None:
    """The batch is done, in every table and in the now store; Spark has still to write that it is."""
    finish = batch.BatchWork._finish

    def finish_and_die(self: batch.BatchWork, *told: Any) -> None:
        finish(self, *told)
        kill()

    vars(batch)["BatchWork"]._finish = finish_and_die


MOMENTS = {"between two tables": between_two_tables, "before the checkpoint": before_the_checkpoint}


def main() -> None:
    told = json.loads(sys.argv[1])
    folder = Path(told["lake_folder"])
    lake = lake_in(folder, told["namespace"])
    spark = session(Path(told["own_folder"]), lake)
    jvm: Any = spark._jvm
    process = jvm.java.lang.ProcessHandle.current().pid()

    if told["moment"] is not None:
        MOMENTS[told["moment"]](lambda: os.kill(process, signal.SIGKILL))
    topic = TopicName(told["brokers"], told["topic"])
    LiveStream(spark, topic, lake, Path(told["folder"]), Path(told["catalogue"])).drain()


if __name__ == "__main__":
    main()
