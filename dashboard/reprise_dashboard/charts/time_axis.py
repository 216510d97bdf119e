"""One way to draw time: UTC on the axis, UTC in the tooltip, whatever the reader's own clock is set to."""

from typing import Final

import altair as alt
import pandas as pd

# Vega-Lite draws temporal fields in the reader's time zone unless the scale says otherwise.
_UTC: Final = "utc"


def timed(frame: pd.DataFrame, hourly: bool) -> pd.DataFrame:
    """Adds `until` (the bucket's end, a hair short, so that bars stand apart) and `when` for the tooltip."""
    step = pd.Timedelta(hours=1) if hourly else pd.Timedelta(days=1)
    bucket = frame["bucket"].dt.tz_localize("UTC")
    label = bucket.dt.strftime("%a %-d %b %Y, %H:%M UTC" if hourly else "%a %-d %b %Y")
    return frame.assign(bucket=bucket, until=bucket + step * 0.88, middle=bucket + step * 0.44, when=label)


def time_axis(frame: pd.DataFrame, field: str = "bucket") -> alt.X:
    """Whole days, so that three hours of data look like three hours and not like the whole story."""
    first, last = frame["bucket"].min(), frame["bucket"].max()
    domain = [
        int(first.floor("D").timestamp() * 1000),
        int((last.floor("D") + pd.Timedelta(days=1)).timestamp() * 1000),
    ]
    return alt.X(
        f"{field}:T",
        scale=alt.Scale(type=_UTC, domain=domain),
        axis=alt.Axis(title=None, grid=False, labelOverlap=True, tickCount=8, labelFlush=True),
    )


def time_scale(field: str) -> alt.X:
    """For the further layers of a chart: Vega-Lite takes a domain that is stated twice for two domains."""
    return alt.X(f"{field}:T", scale=alt.Scale(type=_UTC), axis=alt.Axis(title=None, grid=False))
