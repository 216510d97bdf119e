"""The snapshot in use: one read-only connection a version; the last good stays when a new one is broken."""

import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import streamlit as st

from reprise_dashboard.marts import missing_columns
from reprise_dashboard.pointer import Pointer, SnapshotBroken, read_pointer
from reprise_dashboard.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Snapshot:
    version: str
    window: str | None
    published_at: datetime | None
    """Name, time and size of the file: a file that was replaced under the same name is another snapshot."""
    identity: str
    connection: duckdb.DuckDBPyConnection


@dataclass(frozen=True)
class Served:
    """What a page has to show: a snapshot, a problem, both (the last good one stands in), or neither yet."""

    snapshot: Snapshot | None
    problem: str | None


@dataclass
class _Memory:
    """Shared by all readers, for as long as the process lives."""

    good_file: Path | None = None
    good_pointer: Pointer | None = None
    refused: set[str] = field(default_factory=set)
    """Identities of files that opened, and then could not be read to their end."""


@st.cache_resource(show_spinner=False)
def _memory(serving_dir: Path) -> _Memory:
    return _Memory()


def _connect(file: Path) -> duckdb.DuckDBPyConnection:
    try:
        connection = duckdb.connect(
            str(file),
            read_only=True,
            config={"enable_external_access": False, "memory_limit": "1GB"},
        )
    except duckdb.Error as error:
        raise SnapshotBroken(f"{file.name} is not a DuckDB file that can be opened.") from error
    try:
        # A warehouse may hand over zoned timestamps: their days are UTC's, not this machine's.
        connection.execute("set global TimeZone = 'UTC'")
        missing = missing_columns(connection)
    except duckdb.Error as error:
        connection.close()
        raise SnapshotBroken(f"{file.name} cannot be read.") from error
    if missing:
        connection.close()
        rest = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise SnapshotBroken(f"{file.name} lacks {missing[0]}{rest}.")
    return connection


def _close(connection: duckdb.DuckDBPyConnection) -> None:
    # Cursors in use by another reader's page hold the database open until they are done.
    with contextlib.suppress(duckdb.Error):
        connection.close()


# Two: the current one, and the one before it for readers who are in the middle of a page.
@st.cache_resource(show_spinner=False, max_entries=2, on_release=_close)
def _connection(file: Path, identity: str) -> duckdb.DuckDBPyConnection:
    return _connect(file)


def _open(file: Path, pointer: Pointer | None, refused: set[str]) -> Snapshot:
    try:
        stat = file.stat()
    except OSError as error:
        raise SnapshotBroken(f"{file.name} is missing.") from error
    identity = f"{file.name}:{stat.st_mtime_ns}:{stat.st_size}"
    if identity in refused:
        raise SnapshotBroken(f"{file.name} is damaged: it opens, but it cannot be read.")
    return Snapshot(
        version=pointer.version if pointer else file.stem.removeprefix("serving-"),
        window=pointer.window if pointer else None,
        published_at=pointer.published_at if pointer else None,
        identity=identity,
        connection=_connection(file, identity),
    )


def _stand_in(settings: Settings, broken: Path | None) -> Snapshot | None:
    """The last snapshot that worked, or after a restart the newest other file that opens."""
    memory = _memory(settings.serving_dir)
    good = memory.good_file
    candidates: list[tuple[Path, Pointer | None]] = [(good, memory.good_pointer)] if good else []
    others = [file for file in settings.serving_dir.glob("serving-*.duckdb") if file not in (broken, good)]
    candidates += [(file, None) for file in sorted(others, key=lambda one: one.name, reverse=True)]
    for file, pointer in candidates:
        with contextlib.suppress(SnapshotBroken):
            return _open(file, pointer, memory.refused)
    return None


def refuse(settings: Settings, snapshot: Snapshot) -> None:
    """After a query failed on it: from now on another one stands in, until the file is replaced."""
    _memory(settings.serving_dir).refused.add(snapshot.identity)


def serve(settings: Settings) -> Served:
    memory = _memory(settings.serving_dir)
    file: Path | None = None
    try:
        pointer = read_pointer(settings.pointer_file)
        if pointer is None:
            return Served(snapshot=None, problem=None)
        file = settings.serving_dir / pointer.file
        snapshot = _open(file, pointer, memory.refused)
    except SnapshotBroken as problem:
        log.warning("snapshot refused: %s", problem, exc_info=problem.__cause__)
        return Served(snapshot=_stand_in(settings, file), problem=str(problem))
    memory.good_file, memory.good_pointer = file, pointer
    return Served(snapshot=snapshot, problem=None)


@st.cache_data(show_spinner=False, max_entries=256)
def _answer(
    identity: str,
    name: str,
    arguments: tuple[Any, ...],
    _query: Callable[..., pd.DataFrame],
    _connection: duckdb.DuckDBPyConnection,
) -> pd.DataFrame:
    # A connection serves one thread at a time; a cursor is its own connection to the same open database.
    with _connection.cursor() as cursor:
        return _query(cursor, *arguments)


def ask(snapshot: Snapshot, query: Callable[..., pd.DataFrame], *arguments: Any) -> pd.DataFrame:
    """The answer of a pure query, remembered for as long as this snapshot is the one in use."""
    name = f"{query.__module__}.{query.__qualname__}"
    return _answer(snapshot.identity, name, arguments, query, snapshot.connection)
