"""The store that the stream keeps: read, refused, or not there."""

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from now_fixture import add_batch, fill, open_store, say, stream_schema

from reprise_dashboard.live import schema
from reprise_dashboard.live.reader import Reader
from reprise_dashboard.live.store import StoreBroken, StoreBusy, reading
from reprise_dashboard.queries.now.minutes import EVERYONE, Scope

NOW = datetime(2026, 1, 5, 12, 30, 20, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "live" / "now.sqlite"


def _write(folder: Path, minutes: int = 4) -> None:
    with closing(open_store(folder)) as store:
        fill(store, NOW, per_second=20, minutes=minutes)


def test_columns_are_those_that_the_stream_writes(tmp_path: Path) -> None:
    with closing(open_store(tmp_path)) as store:
        for table, columns in schema.COLUMNS.items():
            written = [row[0] for row in store.execute("select name from pragma_table_info(?)", (table,))]
            assert written == list(columns), table


def test_constants_are_those_of_the_stream() -> None:
    stream = stream_schema()
    assert stream.SCHEMA_VERSION == schema.SCHEMA_VERSION
    assert stream.TRACKS_KEPT_PER_MINUTE == schema.TRACKS_KEPT_PER_MINUTE


def test_without_a_file_there_is_nothing_and_nothing_is_made(file: Path) -> None:
    with reading(file) as connection:
        assert connection is None
    assert not file.parent.exists()


def test_a_reading_sees_one_state_while_the_stream_writes(tmp_path: Path, file: Path) -> None:
    with closing(open_store(tmp_path)) as store:
        add_batch(store, 1, NOW, 100)
        with reading(file) as connection:
            assert connection
            assert connection.execute("select count(*) from batches").fetchone() == (1,)
            add_batch(store, 2, NOW, 100)
            assert connection.execute("select count(*) from batches").fetchone() == (1,)
        with reading(file) as connection:
            assert connection
            assert connection.execute("select count(*) from batches").fetchone() == (2,)


def test_a_reader_cannot_write(tmp_path: Path, file: Path) -> None:
    _write(tmp_path)
    with pytest.raises(StoreBroken), reading(file) as connection:
        assert connection
        connection.execute("delete from batches")


def test_what_a_killed_stream_had_committed_is_there(tmp_path: Path, file: Path) -> None:
    killed = tmp_path / "killed" / "now.sqlite"
    with closing(open_store(tmp_path)) as store:
        add_batch(store, 7, NOW, 100)
        killed.parent.mkdir()
        for suffix in ("", "-wal"):
            shutil.copy(f"{file}{suffix}", f"{killed}{suffix}")
    with reading(killed) as connection:
        assert connection
        assert connection.execute("select batch from batches").fetchall() == [(7,)]


@pytest.mark.parametrize("content", [b"not a database at all, but longer than a header" * 9, b"\0" * 9000])
def test_a_file_of_another_kind_is_refused(file: Path, content: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    with pytest.raises(StoreBroken, match=r"now\.sqlite (cannot be read|has no table meta)"), reading(file):
        pass


def test_an_empty_file_is_refused(file: Path) -> None:
    file.parent.mkdir()
    file.touch()
    with pytest.raises(StoreBroken, match="has no table meta"), reading(file):
        pass


def test_a_file_that_is_cut_short_is_refused(tmp_path: Path, file: Path) -> None:
    _write(tmp_path)
    file.write_bytes(file.read_bytes()[:20_000])
    with pytest.raises(StoreBroken, match="cannot be read"), reading(file) as connection:
        assert connection
        connection.execute("select * from minute_counts").fetchall()


def test_a_version_from_the_future_is_refused_in_words(tmp_path: Path, file: Path) -> None:
    with closing(open_store(tmp_path)) as store:
        say(store, schema_version=2)
    with pytest.raises(StoreBroken, match="of version 2, and this page reads version 1"), reading(file):
        pass


def test_a_column_that_lacks_is_named(tmp_path: Path, file: Path) -> None:
    with closing(open_store(tmp_path)) as store:
        store.execute("alter table batches drop column lag")
    with pytest.raises(StoreBroken, match=r"lacks batches\.lag"), reading(file):
        pass


def test_a_file_that_somebody_keeps_to_himself_is_busy(tmp_path: Path, file: Path) -> None:
    _write(tmp_path)
    with closing(sqlite3.connect(file, isolation_level=None)) as holder:
        holder.execute("pragma journal_mode = delete")
        holder.execute("begin exclusive")
        with pytest.raises(StoreBusy, match="held by another process"), reading(file):
            pass


def test_one_reading_a_batch(tmp_path: Path, file: Path) -> None:
    reader = Reader(file)
    with closing(open_store(tmp_path)) as store:
        fill(store, NOW, per_second=20, minutes=4)
        first, again = reader.look(), reader.look()
        assert first.picture
        assert again.picture
        assert again.picture.common is first.picture.common
        add_batch(store, 9_000, NOW, 40)
        after = reader.look()
        assert after.picture
        assert after.picture.common is not first.picture.common


def test_a_reader_remembers_the_newest_batch_only(tmp_path: Path, file: Path) -> None:
    reader = Reader(file)
    with closing(open_store(tmp_path)) as store:
        fill(store, NOW, per_second=20, minutes=4)
        for country in ("US", "DE", "GB"):
            reader.look(Scope("country", country))
        assert len(reader._minutes) == 3
        add_batch(store, 9_000, NOW, 40)
        reader.look(EVERYONE)
        assert list(reader._minutes) == [EVERYONE]


def test_the_last_good_picture_stands_in(tmp_path: Path, file: Path) -> None:
    _write(tmp_path)
    reader = Reader(file)
    good = reader.look()
    with closing(sqlite3.connect(file)) as store:
        store.execute("update meta set value = '2' where key = 'schema_version'")
        store.commit()
    look = reader.look()
    assert look.problem
    assert "version 2" in look.problem
    assert look.picture
    assert good.picture
    assert look.picture.common is good.picture.common


def test_a_store_that_was_begun_anew_is_read_anew(tmp_path: Path, file: Path) -> None:
    _write(tmp_path)
    reader = Reader(file)
    assert reader.look().picture
    for one in file.parent.iterdir():
        one.unlink()
    assert reader.look().pulse is None
    open_store(tmp_path).close()
    look = reader.look()
    assert look.pulse
    assert look.pulse.batch is None
    assert look.picture is None
    assert look.problem is None
