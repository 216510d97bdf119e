"""A batch by minutes, as the now store adds it up: one query, whose rows are few enough for the driver."""

from dataclasses import dataclass, field
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


def facts(settled: DataFrame, tracks: DataFrame) -> Facts:
    """Valid, distinct events by minute of `occurred_at`, rejected records by minute of arrival."""
    types = event_contracts().event_types
    valid = F.col("reason_code").isNull()

    def member(dimension: str, value: Column) -> Column:
        return F.struct(F.lit(dimension).alias("dimension"), value.alias("value"))

    members = F.when(
        valid,
        F.array(
            member("all", F.lit("all")),
            *[member(name, F.col(name)) for name in DIMENSIONS[1:]],
            member(
                "track", F.when(F.col("event_type").isin("track_played", "track_skipped"), F.col("track_id"))
            ),
        ),
    ).otherwise(F.array(member("rejected", F.col("reason_code"))))
    counted = F.col("dimension").isin(*DIMENSIONS)
    rows = (
        settled.join(
            F.broadcast(tracks.select("track_id", "genre", "track_title", "artist_name")), "track_id", "left"
        )
        .select(
            F.when(valid, _minute("occurred_at")).otherwise(_minute("kafka_timestamp")).alias("minute"),
            "event_type",
            "ms_played",
            F.xxhash64("listener_id").alias("listener"),
            "track_title",
            "artist_name",
            F.inline(F.filter(members, lambda one: one["value"].isNotNull())),
        )
        .groupBy("minute", "dimension", "value")
        .agg(
            F.count("*").alias("records"),
            F.array(*[F.count_if(F.col("event_type") == name) for name in types]).alias("events"),
            F.array(
                *[
                    F.coalesce(F.sum(F.when(F.col("event_type") == name, F.col("ms_played"))), F.lit(0))
                    for name in types
                ]
            ).alias("ms_played"),
            F.collect_set(F.when(counted, F.col("listener"))).alias("listeners"),
            F.first("track_title").alias("title"),
            F.first("artist_name").alias("artist"),
        )
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
