"""The columns that the pages read. A snapshot that lacks any is refused before a page half works."""

import duckdb

REQUIRED: dict[str, tuple[str, ...]] = {
    "hourly_activity": (
        "activity_hour",
        "playbacks",
        "plays",
        "skips",
        "streams",
        "listeners",
        "sessions",
        "likes",
        "playlists_created",
        "ms_played",
    ),
    "sessions": (
        "session_id",
        "listener_id",
        "session_date",
        "device",
        "country",
        "playbacks",
        "skips",
        "ms_played",
    ),
    "daily_track_charts": (
        "activity_date",
        "track_id",
        "track_title",
        "artist_name",
        "genre",
        "playbacks",
        "streams",
        "skips",
        "listeners",
        "ms_played",
        "chart_rank",
    ),
    "daily_artist_charts": (
        "activity_date",
        "artist_id",
        "artist_name",
        "playbacks",
        "streams",
        "skips",
        "listeners",
        "ms_played",
        "chart_rank",
    ),
}


def missing_columns(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """`table.column` for everything that the pages need and the snapshot has not."""
    rows = connection.execute("select table_name, column_name from information_schema.columns").fetchall()
    present = {(table, column) for table, column in rows}
    return [
        f"{table}.{column}"
        for table, columns in REQUIRED.items()
        for column in columns
        if (table, column) not in present
    ]
