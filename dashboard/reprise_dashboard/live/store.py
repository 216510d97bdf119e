"""The stream's store, opened for one reading at a time: whoever replaces the file is noticed."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from reprise_dashboard.live.schema import COLUMNS, SCHEMA_VERSION

# A reader never waits for the stream in WAL mode, except while the file is being recovered after a crash.
_WAIT_SECONDS = 0.5


class StoreBroken(Exception):
    """The store cannot be used. The message is a sentence for the page."""


class StoreBusy(StoreBroken):
    """Somebody holds the file for himself just now: the next reading may go well."""


def _sentence(error: sqlite3.Error, file: Path) -> StoreBroken:
    if isinstance(error, sqlite3.OperationalError) and any(
        word in str(error) for word in ("locked", "busy", "unable to open")
    ):
        return StoreBusy(f"{file.name} is held by another process.")
    return StoreBroken(f"{file.name} cannot be read ({error}).")


def _connect(file: Path) -> sqlite3.Connection:
    # Transactions are begun by hand; the driver would begin none for a reader.
    return sqlite3.connect(
        f"{file.resolve().as_uri()}?mode=ro", uri=True, timeout=_WAIT_SECONDS, isolation_level=None
    )


def _check(connection: sqlite3.Connection, file: Path) -> None:
    try:
        row = connection.execute("select value from meta where key = 'schema_version'").fetchone()
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            raise StoreBroken(f"{file.name} has no table meta.") from error
        raise
    version = row[0] if row else "none"
    if str(version) != str(SCHEMA_VERSION):
        raise StoreBroken(
            f"{file.name} is of version {version}, and this page reads version {SCHEMA_VERSION}: "
            "the stream and the dashboard are of different releases."
        )
    for table, columns in COLUMNS.items():
        present = {row[0] for row in connection.execute("select name from pragma_table_info(?)", (table,))}
        missing = [column for column in columns if column not in present]
        if missing:
            raise StoreBroken(f"{file.name} lacks {table}.{missing[0]}.")


@contextlib.contextmanager
def reading(file: Path) -> Iterator[sqlite3.Connection | None]:
    """All queries inside see one state of the store. None when there is no file. Raises StoreBroken."""
    if not file.exists():
        yield None
        return
    try:
        with contextlib.closing(_connect(file)) as connection:
            connection.execute("begin")
            _check(connection, file)
            yield connection
    except sqlite3.Error as error:
        raise _sentence(error, file) from error
