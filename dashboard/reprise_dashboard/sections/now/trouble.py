"""What was set aside, what came late, and the newest batches."""

import streamlit as st

from reprise_dashboard import formatting
from reprise_dashboard.card import card
from reprise_dashboard.live.picture import TROUBLE_MINUTES, Picture
from reprise_dashboard.markup import Column, table, text, titled
from reprise_dashboard.reports.quarantine_reasons import sentence
from reprise_dashboard.rows import rows_of

_BATCHES = 8


def quarantine(picture: Picture) -> None:
    with card(
        "Quarantine",
        f"records by reason, the last {TROUBLE_MINUTES} minutes",
        "Records that break the contract, by the minute in which they arrived. They are kept in the lake's "
        "quarantine with their bytes and the reason; the stream does not stop for them.",
    ):
        frame = picture.common.quarantine
        if frame.empty:
            st.caption("None: every record kept to its contract.")
            return
        rows = [
            [
                titled(row.reason, sentence(row.reason)),
                text(formatting.count(row.records)),
                text(row.last_minute[11:16]),
            ]
            for row in rows_of(frame)
        ]
        columns = [Column("Reason", "wrap"), Column("Records", "r"), Column("Last at", "r", "Minute, UTC")]
        st.html(table("Quarantined records by reason", columns, rows))


def order(picture: Picture) -> None:
    found = picture.common.disorder
    figures = [
        (
            "Out of order",
            found.out_of_order,
            "Over a minute older than what had arrived before.",
        ),
        (
            "Late",
            found.late,
            "Of those, so old that their minute was closed: in the lake, not in the charts above.",
        ),
        (
            "Repeats",
            found.duplicates,
            "The same event sent again: set aside, counted once.",
        ),
    ]
    with card(
        "Out of order and repeated",
        f"events, the last {TROUBLE_MINUTES} minutes",
        "A minute stays open for a while after its end, until the watermark has passed it. "
        "An event that comes later, from a device that was offline for example, is as good as any "
        "other: it is in the lake, and in the window of the hour in which it arrived.",
    ):
        rows = [[titled(name, said), text(formatting.count(value))] for name, value, said in figures]
        columns = [Column("Kind", "wrap"), Column("Events", "r")]
        st.html(table("Events out of order, late or repeated", columns, rows))


def _known(value: float, form: str) -> str:
    """A batch that is not in the lake yet has no end, and one without valid records no delay."""
    return formatting.NOTHING if value != value else format(value, form)


def newest_batches(picture: Picture) -> None:
    frame = picture.common.batches.tail(_BATCHES).iloc[::-1]
    with card(
        "Newest batches",
        "records; delays in seconds, 95 of 100 events are faster",
        "Records = valid + quarantined + repeats. Each batch is committed to the lake once, also when it is "
        "run again after a crash.",
    ):
        rows = [
            [
                text(formatting.count(row.batch)),
                text(f"{row.now_at:%H:%M:%S}"),
                text(formatting.count(row.records)),
                text(formatting.count(row.valid)),
                text(formatting.count(row.quarantined)),
                text(formatting.count(row.duplicates)),
                text(_known(row.seconds, ".1f")),
                text(_known(row.p95_s, ".1f")),
                text(_known(row.lake_s, ".1f")),
                text(_known(row.lag, ",.0f")),
            ]
            for row in rows_of(frame)
        ]
        columns = [
            Column("Batch", "r"),
            Column("At", "", "When its counts were here, UTC"),
            Column("Records", "r"),
            Column("Valid", "r"),
            Column("Quarantined", "r"),
            Column("Repeats", "r"),
            Column("Took", "r", "Seconds"),
            Column("To here", "r", "Seconds from sent_at to this page's data"),
            Column("To the lake", "r", "Seconds from sent_at to the commit in the lake"),
            Column("Behind", "r", "Records in the topic that it did not take"),
        ]
        st.html(table("Newest batches", columns, rows))
