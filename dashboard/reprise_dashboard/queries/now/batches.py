"""Batches: how fast they come, how late their records are shown, how far behind the topic they are."""

import sqlite3
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

BIN_SECONDS = 10
# After a silence, records count as having come within so many seconds, not all through the silence.
_LONGEST_SECONDS = 30
_COLUMNS = [
    "batch",
    "now_ms",
    "committed_ms",
    "records",
    "valid",
    "quarantined",
    "duplicates",
    "seconds",
    "lag",
    "delay_ms_p50",
    "delay_ms_p95",
    "delay_ms_max",
]
# 2440587.5 is the Julian day of the epoch.
_MS = "round((julianday({}) - 2440587.5) * 86400000)"


def batches(connection: sqlite3.Connection, as_of: datetime, minutes: int) -> pd.DataFrame:
    """Oldest first. Delays are in seconds: `p50_s`, `p95_s`, `max_s` from sent_at to this page's data, and
    `lake_s` (again of 95 in 100) to the lake. `lake_s`, `seconds` and `lag` are known once it is there.
    """
    since = f"{as_of - timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%S}"
    # Safe to format: the names of columns stand above.
    rows = connection.execute(
        f"""
        select
            batch,
            {_MS.format("now_at")} as now_ms,
            {_MS.format("committed_at")},
            {", ".join(_COLUMNS[3:-5])},
            case when committed_at is not null then seconds end,
            case when committed_at is not null then lag end,
            {", ".join(_COLUMNS[-3:])}
        from batches where now_at >= ? and now_ms is not null order by batch
        """,  # noqa: S608
        (since,),
    ).fetchall()
    frame = pd.DataFrame(rows, columns=_COLUMNS).astype({"seconds": float, "lag": float})
    shown_ms = frame.pop("now_ms").astype(float)
    to_lake_ms = frame.pop("committed_ms").astype(float) - shown_ms
    for name in ("p50", "p95", "max"):
        frame[f"{name}_s"] = frame.pop(f"delay_ms_{name}").astype(float) / 1000
    return frame.assign(
        now_at=pd.to_datetime(shown_ms.astype("int64"), unit="ms", utc=True).astype("datetime64[ms, UTC]"),
        lake_s=frame["p95_s"] + to_lake_ms / 1000,
    )


def pace(frame: pd.DataFrame, as_of: datetime, minutes: int) -> pd.DataFrame:
    """Records a second in steps of ten seconds: `at` (the step's start), `until`, `per_second`.

    The records of a batch are spread over the time since the one before, so that a step does not jump
    with the number of batches that happen to end in it. The last step ends with `as_of`.
    """
    end = as_of.timestamp()
    edges = end - BIN_SECONDS * np.arange(minutes * 60 // BIN_SECONDS, -1, -1)
    # Epoch seconds; the column is in milliseconds.
    until = frame["now_at"].astype("int64").to_numpy() / 1000
    since = np.maximum(np.concatenate([[-np.inf], until[:-1]]), until - _LONGEST_SECONDS)
    length = np.maximum(until - since, 1e-3)
    records = frame["records"].to_numpy(dtype=float)
    overlap = np.minimum(until[:, None], edges[None, 1:]) - np.maximum(since[:, None], edges[None, :-1])
    taken = (records / length) @ np.clip(overlap, 0, None)
    return pd.DataFrame(
        {
            "at": pd.to_datetime(edges[:-1], unit="s", utc=True).astype("datetime64[ms, UTC]"),
            "until": pd.to_datetime(edges[1:], unit="s", utc=True).astype("datetime64[ms, UTC]"),
            "per_second": taken / BIN_SECONDS,
        }
    )


def pace_now(steps: pd.DataFrame) -> float:
    """Over the last three steps: half a minute."""
    return float(steps["per_second"].tail(3).mean()) if len(steps) else 0.0


def weighted_delay(frame: pd.DataFrame, as_of: datetime, column: str) -> float | None:
    """Of the batches of the last minute, weighted by their valid records; None without any."""
    recent = frame[frame["now_at"] > pd.Timestamp(as_of) - pd.Timedelta(minutes=1)].dropna(subset=[column])
    weight = recent["valid"].sum()
    return float((recent[column] * recent["valid"]).sum() / weight) if weight else None
