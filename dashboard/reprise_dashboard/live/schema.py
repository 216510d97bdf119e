"""What this page knows of the store that the stream keeps, as in spark/reprise_spark/stream/now_schema.py.

A test holds the two together.
"""

SCHEMA_VERSION = 1

# Of a closed minute the stream keeps the tracks with the most plays, and drops the others.
TRACKS_KEPT_PER_MINUTE = 500

COLUMNS: dict[str, tuple[str, ...]] = {
    "meta": ("key", "value"),
    "batches": (
        "batch",
        "started_at",
        "now_at",
        "committed_at",
        "records",
        "valid",
        "quarantined",
        "duplicates",
        "late",
        "out_of_order",
        "seconds",
        "lag",
        "delay_ms_p50",
        "delay_ms_p95",
        "delay_ms_max",
    ),
    "minute_counts": ("minute", "dimension", "value", "event_type", "events", "ms_played"),
    "minute_listeners": ("minute", "dimension", "value", "listeners"),
    "track_minutes": ("minute", "track_id", "plays", "skips"),
    "tracks": ("track_id", "title", "artist"),
    "quarantine_minutes": ("minute", "reason_code", "records"),
    "late_minutes": ("minute", "events"),
}
