"""Places in the daily chart, day by day."""

import json

import altair as alt
import pandas as pd

# Below this place a line leaves the picture rather than squeeze the rest of it.
LOWEST_PLACE = 12


def places(frame: pd.DataFrame) -> alt.Chart:
    """Of `track_places` or `artist_places`. The axis on the right names who holds a place on the last day."""
    base = frame.assign(day=frame["day"].dt.tz_localize("UTC"))
    base = base.assign(when=base["day"].dt.strftime("%a %-d %b %Y"))
    last = base[base["day"] == base["day"].max()]
    names = {str(int(place)): title for place, title in zip(last["place"], last["title"], strict=True)}
    order = base.sort_values("period_place")["id"].drop_duplicates().tolist()
    expression = (
        f"datum.label + ({json.dumps(names)}[datum.label] ? '  ' + {json.dumps(names)}[datum.label] : '')"
    )
    chart: alt.Chart = (
        alt.Chart(base)
        .mark_line(point=alt.OverlayMarkDef(size=70, filled=True), strokeWidth=2.5, clip=True)
        .encode(
            x=alt.X(
                "day:T",
                scale=alt.Scale(type="utc", padding=14),
                axis=alt.Axis(title=None, grid=False, format="%-d %b", tickCount="day", labelOverlap=True),
            ),
            y=alt.Y(
                "place:Q",
                scale=alt.Scale(domain=[LOWEST_PLACE + 0.5, 0.5], nice=False, zero=False),
                axis=alt.Axis(
                    title=None,
                    orient="right",
                    values=list(range(1, LOWEST_PLACE + 1)),
                    format="d",
                    labelExpr=expression,
                    labelLimit=170,
                    grid=False,
                ),
            ),
            color=alt.Color("id:N", scale=alt.Scale(domain=order), legend=None),
            tooltip=[
                alt.Tooltip("title:N", title="Title"),
                alt.Tooltip("when:N", title="Day"),
                alt.Tooltip("place:Q", title="Place"),
                alt.Tooltip("streams:Q", title="Streams", format=","),
            ],
        )
        .properties(height=330)
    )
    return chart
