"""A stream in a process of its own, whose JVM is killed between two tables of its batch."""

import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from broker import TopicName
from live_stream import LiveStream
from local_lake import lake_in, session

from reprise_spark.stream import batch
from reprise_spark.stream.commits import append


def main() -> None:
    told = json.loads(sys.argv[1])
    folder = Path(told["lake_folder"])
    lake = lake_in(folder, told["namespace"])
    spark = session(Path(told["own_folder"]), lake)
    jvm: Any = spark._jvm
    process = jvm.java.lang.ProcessHandle.current().pid()

    committed = threading.Semaphore(0)

    def append_or_die(rows: Any, name: str, *rest: Any) -> None:
        if name.endswith("quarantine"):
            for _ in ("raw", "events"):
                committed.acquire()
            os.kill(process, signal.SIGKILL)
        append(rows, name, *rest)
        committed.release()

    vars(batch)["append"] = append_or_die
    topic = TopicName(told["brokers"], told["topic"])
    LiveStream(spark, topic, lake, Path(told["folder"]), Path(told["catalogue"])).drain()


if __name__ == "__main__":
    main()
