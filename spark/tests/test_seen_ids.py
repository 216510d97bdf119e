"""Which record of an id came first: in a batch, across batches, after one was cut off or the state lost."""

import struct
from collections.abc import Iterable
from pathlib import Path

import pytest

from reprise_spark.stream.seen_ids import LoadHour, Place, Repeat, SeenIds

HOUR = 490_000


def packed(*records: tuple[int, int, Place]) -> bytes:
    """Records as (hour, number of the id, place)."""
    return b"".join(
        struct.pack(">I16sIQ", hour, number.to_bytes(16, "big"), *place) for hour, number, place in records
    )


def nothing_in_the_lake(_hour: int) -> Iterable[bytes]:
    return []


class Lake:
    """What the lake would say, and which hours it was asked for."""

    def __init__(self, *records: tuple[int, int, Place]) -> None:
        self._records = records
        self.asked: list[int] = []

    def __call__(self, hour: int) -> Iterable[bytes]:
        self.asked.append(hour)
        yield packed(*[record for record in self._records if record[0] == hour])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "checkpoint" / "ids"


def settle(
    folder: Path, batch: int, *records: tuple[int, int, Place], lake: LoadHour = nothing_in_the_lake,
    query: str = "q",
) -> list[Repeat]:  # fmt: skip
    """One batch of a process of its own."""
    ids = SeenIds(folder)
    try:
        return ids.settle(query, batch, packed(*records), lake)
    finally:
        ids.close()


def test_within_a_batch_the_lowest_partition_and_offset_is_first(folder: Path) -> None:
    repeats = settle(folder, 0, (HOUR, 1, (1, 3)), (HOUR, 2, (0, 9)), (HOUR, 1, (0, 12)), (HOUR, 1, (0, 11)))
    assert repeats == [Repeat((0, 12), (0, 11)), Repeat((1, 3), (0, 11))]


def test_across_batches_the_one_that_was_met_first_is_first(folder: Path) -> None:
    assert settle(folder, 0, (HOUR, 1, (1, 3))) == []
    assert settle(folder, 1, (HOUR, 1, (0, 12)), (HOUR, 2, (0, 13))) == [Repeat((0, 12), (1, 3))]
    assert settle(folder, 2, (HOUR, 2, (0, 14))) == [Repeat((0, 14), (0, 13))]


def test_a_batch_that_is_run_again_comes_to_the_same(folder: Path) -> None:
    settle(folder, 0, (HOUR, 1, (0, 1)))
    batch = ((HOUR, 1, (0, 2)), (HOUR, 2, (0, 3)), (HOUR, 2, (0, 4)))
    first = settle(folder, 1, *batch)
    assert first == [Repeat((0, 2), (0, 1)), Repeat((0, 4), (0, 3))]
    assert settle(folder, 1, *batch) == first
    assert settle(folder, 2, (HOUR, 2, (0, 5))) == [Repeat((0, 5), (0, 3))]


def test_the_same_id_in_another_hour_is_another_event(folder: Path) -> None:
    assert settle(folder, 0, (HOUR, 1, (0, 1)), (HOUR + 1, 1, (0, 2))) == []
    assert settle(folder, 1, (HOUR, 1, (0, 3)), (HOUR + 1, 1, (0, 4))) == [
        Repeat((0, 3), (0, 1)),
        Repeat((0, 4), (0, 2)),
    ]


def test_an_hour_that_was_dropped_is_read_from_the_lake_when_a_straggler_comes(folder: Path) -> None:
    lake = Lake((HOUR, 1, (0, 1)))
    settle(folder, 0, (HOUR, 1, (0, 1)))
    settle(folder, 1, (HOUR + 1, 2, (0, 2)))
    settle(folder, 2, (HOUR + 2, 3, (0, 3)), lake=lake)
    assert lake.asked == [HOUR + 2]
    assert settle(folder, 3, (HOUR, 1, (1, 7)), (HOUR, 4, (1, 8)), lake=lake) == [Repeat((1, 7), (0, 1))]
    assert lake.asked == [HOUR + 2, HOUR]


def test_state_that_is_lost_is_read_from_the_lake(folder: Path, tmp_path: Path) -> None:
    settle(folder, 0, (HOUR, 1, (0, 1)))
    lake = Lake((HOUR, 1, (0, 1)))
    elsewhere = tmp_path / "new"
    assert settle(elsewhere, 1, (HOUR, 1, (0, 2)), lake=lake) == [Repeat((0, 2), (0, 1))]
    assert settle(elsewhere, 2, (HOUR, 1, (0, 3)), lake=lake) == [Repeat((0, 3), (0, 1))]
    assert lake.asked == [HOUR]


def test_state_that_is_behind_is_not_trusted(folder: Path) -> None:
    settle(folder, 0, (HOUR, 1, (0, 1)))
    lake = Lake((HOUR, 1, (0, 1)), (HOUR, 2, (0, 2)))
    assert settle(folder, 2, (HOUR, 2, (0, 3)), lake=lake) == [Repeat((0, 3), (0, 2))]


def test_state_of_another_checkpoint_is_not_trusted(folder: Path) -> None:
    settle(folder, 0, (HOUR, 1, (0, 1)))
    assert settle(folder, 0, (HOUR, 1, (0, 5)), query="another") == []


def test_a_batch_without_valid_records_counts_all_the_same(folder: Path) -> None:
    settle(folder, 0, (HOUR, 1, (0, 1)))
    assert settle(folder, 1) == []
    assert settle(folder, 2, (HOUR, 1, (0, 2))) == [Repeat((0, 2), (0, 1))]
