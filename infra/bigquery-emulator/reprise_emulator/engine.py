"""How the emulator opens DuckDB: without the network, and with 1.5.5's order of set-up."""

from importlib.resources import files
from typing import Any

import duckdb


def install() -> None:
    original_connect = duckdb.connect
    bundled = files("duckdb_extension_ducklake") / "extensions" / f"v{duckdb.__version__}"
    ducklake = str(bundled / "ducklake.duckdb_extension")

    def connect(*arguments: Any, config: dict[str, Any] | None = None, **rest: Any) -> Any:
        settings = dict(config or {})
        # DuckDB 1.5.5 refuses a time zone in the configuration: the extension that knows zones loads after it.
        zone = settings.pop("TimeZone", None)
        settings["autoinstall_known_extensions"] = "false"
        connection = original_connect(*arguments, config=settings, **rest)
        quoted = ducklake.replace("'", "''")
        connection.execute(f"LOAD '{quoted}'")
        if zone is not None:
            connection.execute("SET TimeZone = ?", [zone])
        return connection

    duckdb.connect = connect
