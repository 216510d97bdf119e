"""The catalogue as the stream holds it: in RocksDB by track, so that a batch asks for its own few thousand of
hundreds of thousands; read again when its file has been replaced."""

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from rocksdict import Options, Rdict, WriteBatch

from reprise_spark.shape import catalogue_columns

CHUNK = 10_000
_VERSION = b"~version"


class Catalogue:
    def __init__(self, spark: SparkSession, file: Path | None, folder: Path) -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        options = Options(raw_mode=True)
        options.create_if_missing(True)
        self._spark = spark
        self._file = file
        self._db = Rdict(str(folder), options)
        self._columns = ", ".join(catalogue_columns())
        self._track = F.from_json("line", self._columns).alias("track")
        self.refresh()

    def close(self) -> None:
        self._db.close()

    def tracks(self, ids: Iterable[str]) -> DataFrame:
        """Those of the tracks that the catalogue knows."""
        self.refresh()
        keys: list[Any] = [b"t" + one.encode() for one in ids]
        lines = [(line.decode(),) for line in self._db.get(keys) or [] if line is not None]
        if not lines:
            return self._spark.createDataFrame([], self._columns)
        return self._spark.createDataFrame(lines, "line string").select(self._track).select("track.*")

    def refresh(self) -> None:
        version = self._version()
        if self._db.get(_VERSION) == version:
            return
        # Without a version until it is whole: a reading that was cut off is begun anew.
        self._db.delete_range(b"", b"\xff")
        lines = self._lines()
        while portion := list(islice(lines, CHUNK)):
            self._add(dict(reversed(portion)))
        self._db.put(_VERSION, version)

    def _version(self) -> bytes:
        if self._file is None or not self._file.exists():
            return b"none"
        stat = self._file.stat()
        return f"{self._file} {stat.st_ino} {stat.st_size} {stat.st_mtime_ns}".encode()

    def _lines(self) -> Iterator[tuple[bytes, bytes]]:
        """Each track's line; what is no track is passed over, for the stream must go on."""
        if self._file is None or not self._file.exists():
            return
        with self._file.open("rb") as lines:
            for line in lines:
                try:
                    yield b"t" + json.loads(line)["track_id"].encode(), line.strip()
                except (ValueError, KeyError, TypeError, AttributeError):
                    continue

    def _add(self, tracks: dict[bytes, bytes]) -> None:
        """Of a track that stands twice the first counts, as where a window reads the catalogue."""
        keys: list[Any] = list(tracks)
        fresh = WriteBatch(raw_mode=True)
        for key, known in zip(keys, self._db.get(keys) or [], strict=True):
            if known is None:
                fresh.put(key, tracks[key])
        self._db.write(fresh)
