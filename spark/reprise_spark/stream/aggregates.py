"""A batch by minutes, as the now store adds it up: one query, whose rows are few enough for the driver."""

from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from reprise_spark.contracts import event_contracts

DIMENSIONS = ("all", "country", "device", "genre")


class Count(NamedTuple):
    minute: int
    """Minutes since the epoch."""
    dimension: str
    value: str
    event_type: str
    events: int
    ms_played: int


class Listeners(NamedTuple):
    minute: int
    dimension: str
    value: str
    hashes: list[int]


class Track(NamedTuple):
    minute: int
    track_id: str
    plays: int
    skips: int
    title: str | None
    artist: str | None


@dataclass
class Facts:
    counts: list[Count] = field(default_factory=list)
    listeners: list[Listeners] = field(default_factory=list)
    tracks: list[Track] = field(default_factory=list)
    rejected: list[tuple[int, str, int]] = field(default_factory=list)
    """Minute of arrival, reason, records."""


def _minute(at: str) -> Column:
    return (F.unix_seconds(at) / 60).cast("int")


@cache
def _members() -> list[Column]:
    """Each record as often as it counts. Made once: a column is a dozen calls into the JVM."""
    valid = F.col("reason_code").isNull()
    heard = F.col("event_type").isin("track_played", "track_skipped")

    def member(dimension: str, value: Column) -> Column:
        return F.struct(F.lit(dimension).alias("dimension"), value.alias("value"))

    members = F.when(
        valid,
        F.array(
            member("all", F.lit("all")),
            *[member(name, F.col(name)) for name in DIMENSIONS[1:]],
            member("track", F.when(heard, F.col("track_id"))),
        ),
    ).otherwise(F.array(member("rejected", F.col("reason_code"))))
    return [
        F.when(valid, _minute("occurred_at")).otherwise(_minute("kafka_timestamp")).alias("minute"),
        F.col("event_type"),
        F.col("ms_played"),
        F.xxhash64("listener_id").alias("listener"),
        F.col("track_title"),
        F.col("artist_name"),
        F.inline(F.filter(members, lambda one: one["value"].isNotNull())),
    ]


@cache
def _sums() -> list[Column]:
    def of_type(event_type: str) -> Column:
        return F.col("event_type") == event_type

    types = event_contracts().event_types
    no_time = F.lit(0).cast("bigint")
    return [
        F.count("*").alias("records"),
        F.array(*[F.count_if(of_type(one)) for one in types]).alias("events"),
        F.array(
            *[F.coalesce(F.sum(F.when(of_type(one), F.col("ms_played"))), no_time) for one in types]
        ).alias("ms_played"),
        F.collect_set(F.when(F.col("dimension").isin(*DIMENSIONS), F.col("listener"))).alias("listeners"),
        F.first("track_title").alias("title"),
        F.first("artist_name").alias("artist"),
    ]


def facts(settled: DataFrame, tracks: DataFrame) -> Facts:
    """Valid, distinct events by minute of `occurred_at`, rejected records by minute of arrival."""
    types = event_contracts().event_types
    named = tracks.select("track_id", "genre", "track_title", "artist_name")
    rows = (
        settled.join(F.broadcast(named), "track_id", "left")
        .select(*_members())
        .groupBy("minute", "dimension", "value")
        .agg(*_sums())
        .collect()
    )
    found = Facts()
    for minute, dimension, value, records, events, ms_played, listeners, title, artist in rows:
        if dimension == "rejected":
            found.rejected.append((minute, value, records))
        elif dimension == "track":
            plays, skips = events[types.index("track_played")], events[types.index("track_skipped")]
            found.tracks.append(Track(minute, value, plays, skips, title, artist))
        else:
            found.listeners.append(Listeners(minute, dimension, value, listeners))
            found.counts.extend(
                Count(minute, dimension, value, event_type, number, ms)
                for event_type, number, ms in zip(types, events, ms_played, strict=True)
                if number
            )
    return found
