"""The event_ids of the last hours, in RocksDB: which record of an id came first.

It is a copy of what the lake's `events` say, kept because the lake is too slow to ask for each record: when
it is lost or behind, it is read from there again. An hour is dropped whole, so the state is bounded by the
hours that are kept, and dropping costs nothing.
"""

import json
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rocksdict import BlockBasedOptions, Cache, Options, Rdict, WriteBatch

HOURS_KEPT = 2
BLOCK_CACHE_BYTES = 64 * 1024 * 1024

_ENTRY = struct.Struct(">I16sIQ")
"""As Spark packs a record: hour, event_id, partition, offset."""
ENTRY_BYTES = _ENTRY.size
_ID_BYTES = 20
_FOUND = struct.Struct(">QIQ")
"""The first batch for which the id counts as seen, and the partition and offset of its first record."""
_META = b"meta"

Place = tuple[int, int]
"""Partition and offset."""


@dataclass(frozen=True)
class Repeat:
    place: Place
    first: Place


LoadHour = Callable[[int], Iterable[bytes]]
"""Packed entries of an hour's events in the lake, as far as they were there before the batch at hand."""


class SeenIds:
    def __init__(self, folder: Path) -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        options = Options(raw_mode=True)
        options.create_if_missing(True)
        table = BlockBasedOptions()
        table.set_block_cache(Cache(BLOCK_CACHE_BYTES))
        table.set_bloom_filter(10, False)
        options.set_block_based_table_factory(table)
        self._db = Rdict(str(folder), options)

    def close(self) -> None:
        self._db.close()

    def settle(self, query: str, batch: int, packed: bytes, load_hour: LoadHour) -> list[Repeat]:
        """The records of the batch whose id had come before, with the place of the first of them.

        What this batch itself has left here, before it was cut off, does not count: a batch that is run again
        comes to the same result.
        """
        entries = sorted(_entries(packed), key=lambda entry: entry[1])
        hours = self._hours_known(query, batch)
        hours = self._with_hours(
            batch, {int.from_bytes(key[:4], "big") for key, _ in entries}, hours, load_hour
        )
        first: dict[bytes, Place] = {}
        for key, place in entries:
            first.setdefault(key, place)
        fresh = WriteBatch(raw_mode=True)
        for key, found in zip(first, self._db.get(list(first)) or [], strict=True):
            if found is not None:
                seen_for, partition, offset = _FOUND.unpack(found)
                if seen_for <= batch:
                    first[key] = (partition, offset)
                    continue
            fresh.put(key, _FOUND.pack(batch + 1, *first[key]))
        fresh.put(_META, json.dumps({"query": query, "batch": batch, "hours": sorted(hours)}).encode())
        self._db.write(fresh)
        return [Repeat(place, first[key]) for key, place in entries if place != first[key]]

    def _hours_known(self, query: str, batch: int) -> set[int]:
        """The hours of which every id is here; none when batches are missing."""
        meta = json.loads(self._db.get(_META) or "{}")
        if meta.get("query") == query and meta.get("batch") in (batch - 1, batch):
            return set(meta["hours"])
        self._db.delete_range(bytes(_ID_BYTES), b"\xff" * _ID_BYTES)
        return set()

    def _with_hours(self, batch: int, wanted: set[int], known: set[int], load_hour: LoadHour) -> set[int]:
        for hour in sorted(wanted - known):
            for chunk in load_hour(hour):
                loaded = WriteBatch(raw_mode=True)
                for key, place in _entries(chunk):
                    loaded.put(key, _FOUND.pack(batch, *place))
                self._db.write(loaded)
        kept = set(sorted(known | wanted)[-HOURS_KEPT:]) | wanted
        for hour in known - kept:
            self._db.delete_range(hour.to_bytes(4, "big"), (hour + 1).to_bytes(4, "big"))
        return kept


def _entries(packed: bytes) -> Iterator[tuple[bytes, Place]]:
    for at, (_, _, partition, offset) in enumerate(_ENTRY.iter_unpack(packed)):
        start = at * ENTRY_BYTES
        yield packed[start : start + _ID_BYTES], (partition, offset)
