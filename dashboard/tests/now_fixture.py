"""A store as the stream keeps it, with made-up listening: `python tests/now_fixture.py DIR`."""

import importlib.util
import math
import random
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

_SCHEMA_FILE = Path(__file__).parents[2] / "spark/reprise_spark/stream/now_schema.py"

COUNTRIES = ["US", "DE", "GB", "BR", "SE", "FR", "MX", "JP", "NL", "ES", "IN", "PL"]
DEVICES = ["mobile", "desktop", "speaker", "web", "car", "tv"]
GENRES = ["pop", "rock", "hip hop", "electronic", "latin", "jazz", "folk", "metal", "classical", "soul"]
_VALUES = {"all": ["all"], "country": COUNTRIES, "device": DEVICES, "genre": GENRES}
_MIX = {"track_played": 0.5, "track_skipped": 0.42, "track_liked": 0.04, "playlist_track_added": 0.04}
REASONS = ["malformed_json", "missing_field", "unsupported_version", "time_in_future"]
_ADJECTIVES = [
    "Silver",
    "Paper",
    "Midnight",
    "Amber",
    "Northern",
    "Slow",
    "Velvet",
    "Glass",
    "Quiet",
    "Electric",
]
_NOUNS = [
    "Harbour",
    "Letters",
    "Static",
    "Orchard",
    "Tides",
    "Parade",
    "Satellite",
    "Garden",
    "Engine",
    "Mirrors",
]

# Minutes that are still open when the fixture ends.
OPEN_MINUTES = 3


def stream_schema() -> ModuleType:
    """The stream's own file, which imports nothing of Spark."""
    spec = importlib.util.spec_from_file_location("now_schema", _SCHEMA_FILE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"


def minute(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M}:00Z"


def open_store(serving: Path) -> sqlite3.Connection:
    """The writer's connection to a store with its tables and no rows."""
    file = serving / "live" / "now.sqlite"
    file.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("pragma journal_mode = wal")
    # The stream's own store waits for the disk; made-up listening need not.
    connection.execute("pragma synchronous = off")
    schema = stream_schema()
    connection.executescript(schema.DDL)
    say(connection, schema_version=schema.SCHEMA_VERSION, stream="live")
    return connection


def say(connection: sqlite3.Connection, **meta: object) -> None:
    connection.executemany(
        "insert or replace into meta values (?, ?)", [(key, str(value)) for key, value in meta.items()]
    )


def _share(place: int, number: int) -> float:
    weights = [1 / (n + 1) for n in range(number)]
    return weights[place] / sum(weights)


def mix(events: float, place: int) -> dict[str, int]:
    """By type; skips differ a little from one place in a list to the next."""
    return {
        kind: round(events * share * (1 + 0.02 * (place % 5) if kind == "track_skipped" else 1))
        for kind, share in _MIX.items()
    }


def add_minute(connection: sqlite3.Connection, at: datetime, events: int) -> None:
    """Counts and listeners of one minute, in every dimension."""
    for dimension, values in _VALUES.items():
        for place, value in enumerate(values):
            part = events * _share(place, len(values))
            connection.executemany(
                "insert or replace into minute_counts values (?, ?, ?, ?, ?, ?)",
                [
                    (minute(at), dimension, value, kind, number, number * 150_000)
                    for kind, number in mix(part, place).items()
                ],
            )
            connection.execute(
                "insert or replace into minute_listeners values (?, ?, ?, ?)",
                (minute(at), dimension, value, round(part * 0.6)),
            )


def add_tracks(connection: sqlite3.Connection, at: datetime, plays: dict[str, int]) -> None:
    connection.executemany(
        "insert or replace into track_minutes values (?, ?, ?, ?)",
        [(minute(at), track, number, number // 2) for track, number in plays.items()],
    )


def name_tracks(connection: sqlite3.Connection, number: int) -> list[str]:
    names = [f"{one} {two}" for one in _ADJECTIVES for two in _NOUNS]
    tracks = [(f"t-{n:05}", names[n * 7 % 100], names[(n * 13 + 37) % 100]) for n in range(number)]
    connection.executemany("insert or replace into tracks values (?, ?, ?)", tracks)
    return [track[0] for track in tracks]


def add_batch(
    connection: sqlite3.Connection, number: int, at: datetime, records: int, **other: object
) -> None:
    """A batch whose counts were in the store at `at`. Half a second later it was in the lake."""
    row = {
        "batch": number,
        "started_at": instant(at - timedelta(seconds=1.4)),
        "now_at": instant(at),
        "committed_at": instant(at + timedelta(seconds=0.5)),
        "records": records,
        "valid": records - records // 100 - records // 200,
        "quarantined": records // 100,
        "duplicates": records // 200,
        "late": records // 500,
        "out_of_order": records // 250,
        "seconds": 1.9,
        "lag": records // 3,
        "delay_ms_p50": 1_300,
        "delay_ms_p95": 2_150,
        "delay_ms_max": 2_900,
        **other,
    }
    marks = ", ".join("?" * len(row))
    connection.execute(
        f"insert or replace into batches ({', '.join(row)}) values ({marks})",  # noqa: S608
        tuple(row.values()),
    )
    say(connection, last_batch=number, beat_at=instant(at + timedelta(seconds=0.5)))


def fill(
    connection: sqlite3.Connection,
    until: datetime,
    per_second: int = 200,
    minutes: int = 60,
    tracks_a_minute: int = 100,
    seed: int = 7,
) -> None:
    """So many minutes of a stream that goes on at `until`, with one track that rises at the end."""
    chance = random.Random(seed)
    tracks = name_tracks(connection, tracks_a_minute)
    connection.execute("begin")
    say(connection, started_at=instant(until - timedelta(minutes=minutes)))
    for back in range(minutes):
        at = until - timedelta(minutes=back)
        events = round(per_second * 60 * (1 + 0.15 * math.sin(back / 9)))
        # The minute that is not over has a part of its events.
        part = (until.second + 1) / 60 if back == 0 else 1.0
        add_minute(connection, at, round(events * part))
        plays = {
            track: max(
                1, round(chance.gauss(1, 0.05) * events * part * 0.5 * _share(place + 5, tracks_a_minute + 5))
            )
            for place, track in enumerate(tracks)
        }
        if back < 4:
            plays[tracks[30]] *= 4 - back
        add_tracks(connection, at, plays)
        connection.executemany(
            "insert or replace into quarantine_minutes values (?, ?, ?)",
            [(minute(at), reason, 5 * (place + 1)) for place, reason in enumerate(REASONS)],
        )
        connection.execute("insert or replace into late_minutes values (?, ?)", (minute(at), 12))
    batches = minutes * 30
    for number in range(batches):
        ended = until - timedelta(seconds=2 * (batches - 1 - number))
        records = round(2 * per_second * chance.gauss(1, 0.06))
        add_batch(
            connection,
            number,
            ended,
            records,
            delay_ms_p50=round(1_250 + chance.gauss(0, 90)),
            delay_ms_p95=round(2_150 + chance.gauss(0, 140)),
            delay_ms_max=round(2_800 + abs(chance.gauss(0, 500))),
        )
    say(connection, watermark=minute(until - timedelta(minutes=OPEN_MINUTES - 1)))
    connection.execute("commit")


if __name__ == "__main__":
    with closing(open_store(Path(sys.argv[1]))) as store:
        fill(store, datetime.now(UTC))
