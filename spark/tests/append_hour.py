"""A second driver, as the stream is one: appends small commits to an hour of the lake.

python append_hour.py FOLDER NAMESPACE COMMITS
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT), str(PROJECT / "tests")]

from local_lake import lake_in, session  # noqa: E402
from records import small_commit  # noqa: E402

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)

folder, namespace, commits = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
lake = lake_in(folder, namespace)
spark = session(folder, lake, master="local[1]")
for number in range(commits):
    small_commit(spark, lake, NOW, number)
    print(number, flush=True)
spark.stop()
