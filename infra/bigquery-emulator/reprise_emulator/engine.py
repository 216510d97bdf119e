"""How the emulator opens DuckDB: without the network, and in the order that 1.5.5 wants."""

from importlib.resources import files
from typing import Any

import duckdb
from local_bigquery.engine import database


def install() -> None:
    original_connect: Any = duckdb.connect
    bundled = files("duckdb_extension_ducklake") / "extensions" / f"v{duckdb.__version__}"
    ducklake = str(bundled / "ducklake.duckdb_extension")

    def connect(*arguments: Any, config: dict[str, Any] | None = None, **rest: Any) -> Any:
        settings = dict(config or {})
        # DuckDB 1.5.5 refuses a zone in the configuration: the extension that knows zones loads after it.
        zone = settings.pop("TimeZone", None)
        settings["autoinstall_known_extensions"] = "false"
        connection = original_connect(*arguments, config=settings, **rest)
        quoted = ducklake.replace("'", "''")
        connection.execute(f"LOAD '{quoted}'")
        if zone is not None:
            connection.execute("SET TimeZone = ?", [zone])
        return connection

    duckdb.connect = connect
    # Geography needs an extension that is fetched from elsewhere, and nothing here measures the earth.
    database.FUNCTIONS = [path for path in database.FUNCTIONS if path.stem != "geography"]
