"""Who has listened in the minutes that are still open, in RocksDB: a listener counts once a minute and value,
however many batches the minute takes."""

import hashlib
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rocksdict import Options, Rdict, WriteBatch

from reprise_spark.stream.aggregates import Listeners

_META = b"~query"
_COUNTED_FOR = struct.Struct(">Q")


class OpenListeners:
    def __init__(self, folder: Path, query: str) -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        options = Options(raw_mode=True)
        options.create_if_missing(True)
        self._db = Rdict(str(folder), options)
        if self._db.get(_META) != query.encode():
            self._db.delete_range(b"", b"~")
            self._db.put(_META, query.encode())

    def close(self) -> None:
        self._db.close()

    def new_listeners(self, batch: int, groups: Iterable[Listeners]) -> list[tuple[Listeners, int]]:
        """How many of each group's listeners no batch before had seen there; asked again for a batch that was
        cut off, it says the same."""
        found: list[tuple[Listeners, int]] = []
        fresh = WriteBatch(raw_mode=True)
        stamp = _COUNTED_FOR.pack(batch)
        for group in groups:
            prefix = _minute_key(group.minute) + _digest(group.dimension, group.value)
            keys: list[Any] = [prefix + one.to_bytes(8, "big", signed=True) for one in group.hashes]
            new = 0
            for key, counted_for in zip(keys, self._db.get(keys) or [], strict=True):
                if counted_for is None:
                    fresh.put(key, stamp)
                    new += 1
                elif _COUNTED_FOR.unpack(counted_for)[0] == batch:
                    new += 1
            found.append((group, new))
        self._db.write(fresh)
        return found

    def close_before(self, minute: int) -> None:
        self._db.delete_range(_minute_key(0), _minute_key(minute))


def _minute_key(minute: int) -> bytes:
    return minute.to_bytes(4, "big")


def _digest(dimension: str, value: str) -> bytes:
    return hashlib.blake2b(f"{dimension}\0{value}".encode(), digest_size=8).digest()
