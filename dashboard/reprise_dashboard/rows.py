"""The rows of an answer, one named tuple each."""

from collections.abc import Iterator
from typing import Any

import pandas as pd


def rows_of(frame: pd.DataFrame) -> Iterator[Any]:
    """Fields are the column names; their types are those that the query states."""
    yield from frame.itertuples(index=False)
