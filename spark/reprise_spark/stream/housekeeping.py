"""Lets go of the stream's own old snapshots.

A table's metadata names every snapshot and is written whole with each commit: a stream that kept all of them
would slow itself down.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from pyspark.sql import SparkSession

from reprise_spark.lake import iceberg_table
from reprise_spark.stream.commits import STREAM

EVERY_BATCHES = 200
# A reader, a compaction or a report of the hour that is being closed may rest on one that is younger.
KEEP_FOR = timedelta(minutes=10)


def expire_own_snapshots(spark: SparkSession, name: str, stream: str, keep_for: timedelta = KEEP_FOR) -> int:
    """Drops what the stream has committed before, and the files that only those snapshots knew.

    Others' snapshots stay, and so does the stream's newest, which says how far it has come.
    """
    table = iceberg_table(spark, name)
    oldest_kept = int((datetime.now(UTC) - keep_for).timestamp() * 1000)
    kept_by_name = {ref.snapshotId() for ref in table.refs().values()}
    own = [one for one in table.snapshots() if one.summary().get(STREAM) == stream]
    expired = [
        one.snapshotId()
        for one in own[:-1]
        if one.timestampMillis() < oldest_kept and one.snapshotId() not in kept_by_name
    ]
    if not expired:
        return 0
    # By age nothing: that is for the compaction to say.
    update: Any = table.expireSnapshots().expireOlderThan(0)
    for snapshot in expired:
        update = update.expireSnapshotId(snapshot)
    update.commit()
    return len(expired)
