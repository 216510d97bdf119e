"""One way to draw time: UTC on the axis, UTC in the tooltip, whatever the reader's own clock is set to."""

import altair as alt
import pandas as pd

_LABEL = "utcFormat(datum.value, utchours(datum.value) == 0 ? '%a %-d %b' : '%H:%M')"


def timed(frame: pd.DataFrame, hourly: bool) -> pd.DataFrame:
    """Adds the bucket's `until` (its end, a hair short), `middle`, and `when` for tooltips."""
    step = pd.Timedelta(hours=1) if hourly else pd.Timedelta(days=1)
    bucket = frame["bucket"].dt.tz_localize("UTC")
    label = bucket.dt.strftime("%a %-d %b %Y, %H:%M UTC" if hourly else "%a %-d %b %Y")
    return frame.assign(bucket=bucket, until=bucket + step * 0.88, middle=bucket + step * 0.44, when=label)


def time_axis(field: str = "bucket") -> alt.X:
    """Whole days, so that three hours of data look like three hours and not like the whole story.

    Vega-Lite draws temporal fields in the reader's own time zone unless the scale says otherwise.
    """
    return alt.X(
        f"{field}:T",
        scale=alt.Scale(type="utc", nice="day"),
        axis=alt.Axis(
            title=None, grid=False, labelOverlap=True, tickCount=8, labelFlush=True, labelExpr=_LABEL
        ),
    )
