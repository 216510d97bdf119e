"""A warehouse of a few rows, built once by the project as it stands."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

PROJECT = Path(__file__).resolve().parents[1]
CONTRACTS = PROJECT.parent / "contracts" / "generated" / "warehouse"
DBT = Path(sys.executable).with_name("dbt")

# window, event_id, event_type, occurred_at, listener, session, track, artist, ms_played
EVENTS = [
    ("2026-01-05 08:00:00", "a", "track_played", "2026-01-05 08:01:00", "x", "x1", "t1", "r1", 60000),
    ("2026-01-05 08:00:00", "b", "track_skipped", "2026-01-05 08:02:00", "x", "x1", "t2", "r1", 4000),
    ("2026-01-05 08:00:00", "c", "track_liked", "2026-01-05 08:03:00", "y", "y1", "t1", "r1", None),
    ("2026-01-05 09:00:00", "a", "track_played", "2026-01-05 08:01:00", "x", "x1", "t1", "r1", 60000),
    ("2026-01-05 09:00:00", "d", "track_played", "2026-01-04 23:30:00", "y", "y0", "t9", None, 30000),
]


class Warehouse:
    """A DuckDB file with the lake's tables, and dbt to build it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "warehouse.duckdb"
        self.folder = folder

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.file)) as connection:
            return (
                connection.sql(query).fetchall()
                if query.startswith("select")
                else self._run(connection, query)
            )

    @staticmethod
    def _run(connection: duckdb.DuckDBPyConnection, statement: str) -> list[tuple[Any, ...]]:
        connection.execute(statement)
        return []

    def dbt(self, *arguments: str, **variables: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                *(str(DBT), "--no-use-colors", *arguments),
                *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
                *("--target-path", str(self.folder / "target"), "--log-path", str(self.folder / "logs")),
                *("--vars", json.dumps(variables)),
            ],
            cwd=PROJECT,
            env={**os.environ, "WAREHOUSE": "duckdb", "REPRISE_WAREHOUSE_FILE": str(self.file)},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def build(self, *arguments: str, **variables: object) -> subprocess.CompletedProcess[str]:
        return self.dbt("build", "--exclude-resource-type", "unit_test", *arguments, **variables)

    def artifact(self, name: str) -> dict[str, Any]:
        read: dict[str, Any] = json.loads((self.folder / "target" / name).read_text())
        return read


def create_lake(warehouse: Warehouse) -> None:
    with duckdb.connect(str(warehouse.file)) as connection:
        connection.execute("create schema lake")
        for contract in sorted(CONTRACTS.glob("*.json")):
            columns = json.loads(contract.read_text())["columns"]
            definitions = ", ".join(f'"{column["name"]}" {column["duckdb"]}' for column in columns)
            connection.execute(f"create table lake.{contract.stem} ({definitions})")
        connection.executemany(
            """insert into lake.events by name
            select ?::timestamp as window_start, ? as event_id, ? as event_type, ?::timestamp as occurred_at,
                ? as listener_id, ? as session_id, ? as track_id, ? as artist_id, ?::bigint as ms_played,
                'mobile' as device, 'DE' as country, 0 as kafka_partition,
                (select count(*) from lake.events) as kafka_offset""",
            EVENTS,
        )
        connection.execute(
            """insert into lake.minute_counts
            select window_start, date_trunc('minute', occurred_at), event_type, country, device,
                count(*), coalesce(sum(ms_played), 0)
            from lake.events group by all"""
        )


@pytest.fixture
def new_warehouse(tmp_path: Path) -> Warehouse:
    warehouse = Warehouse(tmp_path)
    create_lake(warehouse)
    return warehouse


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    warehouse = Warehouse(tmp_path_factory.mktemp("warehouse"))
    create_lake(warehouse)
    succeeds(warehouse.build)
    return warehouse


def succeeds(
    run: Callable[..., subprocess.CompletedProcess[str]], *arguments: str, **variables: object
) -> str:
    result = run(*arguments, **variables)
    assert result.returncode == 0, result.stdout[-4000:]
    return result.stdout
