"""Records for the tests of the stream."""

from datetime import timedelta
from typing import Any

from broker import Sent
from records import PLAYED, WINDOW_START, compact_json, event_id

AT = WINDOW_START + timedelta(minutes=16)


def played(number: int, **fields: Any) -> bytes:
    return compact_json({**PLAYED, "event_id": event_id(number), **fields})


def sent(number: int, partition: int = 0, after: int = 0, **fields: Any) -> Sent:
    """An event, and seconds after AT at which it arrives."""
    return Sent(played(number, **fields), AT + timedelta(seconds=after), partition)
