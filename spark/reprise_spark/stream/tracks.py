"""The catalogue as the stream holds it: parsed once, and again when its file has been replaced."""

from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.storagelevel import StorageLevel

from reprise_spark.shape import catalogue_columns


class Catalogue:
    def __init__(self, spark: SparkSession, file: Path | None) -> None:
        self._spark = spark
        self._file = file
        self._version: tuple[int, int, int] | None = None
        self._tracks = self._read()

    def _read(self) -> DataFrame:
        columns = ", ".join(catalogue_columns())
        if self._file is None or self._version is None:
            return self._spark.createDataFrame([], columns).persist(StorageLevel.MEMORY_AND_DISK)
        lines = self._spark.read.schema(columns).json(str(self._file), mode="FAILFAST")
        numbered = lines.select(F.struct("*").alias("track"), F.monotonically_increasing_id().alias("line"))
        # A track that stands twice would double its events: the first counts.
        first = numbered.groupBy("track.track_id").agg(F.min_by("track", "line").alias("track"))
        return first.select("track.*").persist(StorageLevel.MEMORY_AND_DISK)

    def tracks_of(self, events: DataFrame) -> DataFrame:
        """The tracks that the events name: a few thousand of hundreds of thousands."""
        self._refresh()
        named = events.select("track_id").where(F.col("track_id").isNotNull()).distinct()
        return self._tracks.join(F.broadcast(named), on="track_id", how="left_semi")

    def _refresh(self) -> None:
        version = None
        if self._file is not None and self._file.exists():
            stat = self._file.stat()
            version = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
        if version == self._version:
            return
        self._version = version
        before = self._tracks
        self._tracks = self._read()
        before.unpersist()
