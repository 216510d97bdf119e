"""A stream that ends anywhere in a batch, and what the next one makes of it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from broker import Sent, Topic
from live_records import AT, sent
from live_stream import LiveStream
from local_lake import PROJECT

from reprise_spark.spec import LakeAccess
from reprise_spark.stream.checkpoint import Checkpoint
from reprise_spark.stream.commits import append


class Crash(Exception):
    pass


def crash_after_settling(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("reprise_spark.stream.batch.facts", fail)


def crash_after_the_tables(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("reprise_spark.stream.now_store.NowStore.committed", fail)


def crash_after(*tables: str) -> Callable[[pytest.MonkeyPatch], None]:
    """Only these are committed."""

    def crash(patch: pytest.MonkeyPatch) -> None:
        def some(rows: Any, name: str, *rest: Any) -> None:
            if name.rpartition(".")[2] not in tables:
                raise Crash
            append(rows, name, *rest)

        patch.setattr("reprise_spark.stream.batch.append", some)

    return crash


def fail(*_: Any) -> None:
    raise Crash


CRASHES = {
    "settling": crash_after_settling,
    "the now store": crash_after(),
    "raw": crash_after("raw"),
    "events": crash_after("events"),
    "quarantine": crash_after("quarantine"),
    "raw and events": crash_after("raw", "events"),
    "the tables": crash_after_the_tables,
}


def test_nothing_is_lost_or_doubled_by_a_crash_anywhere(stream: LiveStream, topic: Topic) -> None:
    """Each crash comes in a batch of its own; the one after it begins with the batch that was cut off."""
    topic.send([sent(0)])
    stream.drain()
    total, events = 1, 1
    for number, crash in enumerate(CRASHES.values(), 1):
        topic.send([sent(number), sent(number, 1), sent(0), Sent(b"poison", AT)])
        total, events = total + 4, events + 1
        with pytest.MonkeyPatch.context() as patch:
            crash(patch)
            with pytest.raises(Exception, match="Crash"):
                stream.drain()
    stream.drain()
    stream.assert_whole(total)
    assert len(stream.rows("events")) == events
    assert stream.plays() == events
    assert stream.now("select sum(records) from batches") == [(total,)]
    assert stream.now("select listeners from minute_listeners where dimension = 'all'") == [(1,)]
    assert stream.now("select sum(records) from quarantine_minutes") == [(total - events,)]


@pytest.mark.parametrize(
    ("moment", "held"),
    [
        # In raw, events and quarantine: of an event, the same again, another one and poison.
        pytest.param("between two tables", [4, 2, 0], id="between two tables"),
        pytest.param("before the checkpoint", [4, 2, 2], id="before the checkpoint"),
    ],
)
def test_a_stream_that_is_killed_is_made_good_by_the_next(
    stream: LiveStream,
    topic: Topic,
    lake: LakeAccess,
    lake_folder: Path,
    tmp_path: Path,
    moment: str,
    held: list[int],
    record_property: Callable[[str, object], None],
) -> None:
    """Each in a process of its own; what is measured is told to whoever wants a figure of it."""

    def in_a_process(moment: str | None) -> int:
        told = {
            "lake_folder": str(lake_folder),
            "own_folder": str(tmp_path / "own"),
            "namespace": lake.namespace,
            "brokers": topic.at.brokers,
            "topic": topic.at.name,
            "folder": str(stream.folder),
            "catalogue": str(stream.catalogue_file),
            "moment": moment,
        }
        script = Path(__file__).with_name("killed_stream.py")
        command = [sys.executable, str(script), json.dumps(told)]
        paths = {**os.environ, "PYTHONPATH": str(PROJECT)}
        return subprocess.run(command, env=paths, capture_output=True, check=False).returncode

    topic.send([sent(1), sent(1), sent(2), Sent(b"poison", AT)])
    assert in_a_process(moment) != 0
    assert [stream.places(table).total() for table in ("raw", "events", "quarantine")] == held
    # Nothing says yet that the batch is done: the next stream reads its records again.
    assert Checkpoint(stream.spec.checkpoint).position() == (0, {0: 0, 1: 0})
    topic.send([sent(2), sent(3)])
    began = time.monotonic()
    assert in_a_process(None) == 0
    record_property("recovery_seconds", round(time.monotonic() - began, 1))
    stream.assert_whole(6)
    assert len(stream.rows("events")) == 3
    assert stream.plays() == 3
    assert Checkpoint(stream.spec.checkpoint).position() == (1, {0: 6, 1: 0})
