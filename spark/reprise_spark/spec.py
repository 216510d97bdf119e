"""What a job is told: the JSON files of which `contracts/steps.ts` and `contracts/live.ts` speak."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from reprise_spark.content_hash import combine_content_hashes
from reprise_spark.failures import JobFailure


@dataclass(frozen=True)
class LakeAccess:
    catalog_name: str
    catalog_uri: str
    warehouse: str
    s3_endpoint: str
    namespace: str


@dataclass(frozen=True)
class OffsetRange:
    """Offsets `[first, last]` of a partition."""

    partition: int
    first: int
    last: int


@dataclass(frozen=True)
class Receipt:
    """What publishing a shard left behind."""

    window: str
    shard: int
    topic: str
    ranges: tuple[OffsetRange, ...]
    records: int
    content_hash: str
    # Of what arrived in the hour by itself; otherwise it was published for the window, and says so.
    is_live: bool = False


@dataclass(frozen=True)
class WindowSpec:
    """What every job on a window is told."""

    window: str
    window_start: datetime
    window_end: datetime
    lake: LakeAccess
    report_file: Path


@dataclass(frozen=True)
class IngestSpec(WindowSpec):
    brokers: str
    topic: str
    receipts: tuple[Receipt, ...]
    catalogue_file: Path | None

    @property
    def expected_records(self) -> int:
        return sum(receipt.records for receipt in self.receipts)

    @property
    def content_hash(self) -> str:
        """Of everything that the receipts vouch for."""
        return combine_content_hashes(receipt.content_hash for receipt in self.receipts)


@dataclass(frozen=True)
class StreamSpec:
    """`StreamSpec` of `contracts/live.ts`."""

    stream: str
    lake: LakeAccess
    brokers: str
    topic: str
    trigger_ms: int
    max_records_per_batch: int
    checkpoint: Path
    catalogue_file: Path | None
    now_file: Path
    stop_file: Path


@dataclass(frozen=True)
class CloseSpec(WindowSpec):
    catalogue_file: Path | None


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return at


def _lake(raw: Mapping[str, Any]) -> LakeAccess:
    return LakeAccess(
        catalog_name=raw["catalog"]["name"],
        catalog_uri=raw["catalog"]["uri"],
        warehouse=raw["catalog"]["warehouse"],
        s3_endpoint=raw["s3_endpoint"],
        namespace=raw["namespace"],
    )


def _window(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "window": raw["window"],
        "window_start": _instant(raw["window_start"]),
        "window_end": _instant(raw["window_end"]),
        "lake": _lake(raw["lake"]),
        "report_file": Path(raw["report_file"]),
    }


def _receipt(raw: Mapping[str, Any]) -> Receipt:
    return Receipt(
        window=raw["window"],
        shard=raw["shard"],
        topic=raw["topic"],
        ranges=tuple(
            OffsetRange(one["partition"], int(one["first"]), int(one["last"])) for one in raw["ranges"]
        ),
        records=raw["records"],
        content_hash=raw["content_hash"],
        is_live=raw.get("source") == "live",
    )


def _catalogue(raw: Mapping[str, Any]) -> Path | None:
    name = raw["catalogue_file"]
    file = None if name is None else Path(name)
    if file is not None and not file.is_file():
        raise JobFailure("ResourceMissing", f"the catalogue file {file} does not exist")
    return file


def _ingest(raw: Mapping[str, Any]) -> IngestSpec:
    spec = IngestSpec(
        **_window(raw),
        brokers=raw["kafka"]["brokers"],
        topic=raw["kafka"]["topic"],
        receipts=tuple(map(_receipt, raw["receipts"])),
        catalogue_file=_catalogue(raw),
    )
    for receipt in spec.receipts:
        if receipt.window != spec.window or receipt.topic != spec.topic:
            raise ValueError(
                f"the receipt of shard {receipt.shard} is for {receipt.window} in {receipt.topic}"
            )
    return spec


def _read(file: Path) -> Mapping[str, Any]:
    try:
        raw = json.loads(file.read_text())
    except FileNotFoundError:
        raise JobFailure("ResourceMissing", f"the spec {file} does not exist") from None
    except (ValueError, OSError) as error:
        raise JobFailure("InvalidInput", f"the spec {file} cannot be read: {error}") from error
    if not isinstance(raw, dict):
        raise JobFailure("InvalidInput", f"the spec {file} is not an object")
    return raw


def read_ingest_spec(file: Path) -> IngestSpec:
    """Raises JobFailure when the file is absent or not an IngestSpec."""
    try:
        return _ingest(_read(file))
    except (KeyError, TypeError, ValueError) as error:
        raise JobFailure("InvalidInput", f"the spec {file} is not an IngestSpec: {error!r}") from error


def read_compact_spec(file: Path) -> WindowSpec:
    """Raises JobFailure when the file is absent or not a CompactSpec."""
    try:
        return WindowSpec(**_window(_read(file)))
    except (KeyError, TypeError, ValueError) as error:
        raise JobFailure("InvalidInput", f"the spec {file} is not a CompactSpec: {error!r}") from error


def read_stream_spec(file: Path) -> StreamSpec:
    """Raises JobFailure when the file is absent or not a StreamSpec."""
    raw = _read(file)
    try:
        catalogue = raw["catalogue_file"]
        return StreamSpec(
            stream=raw["stream"],
            lake=_lake(raw["lake"]),
            brokers=raw["kafka"]["brokers"],
            topic=raw["kafka"]["topic"],
            trigger_ms=int(raw["trigger_ms"]),
            max_records_per_batch=int(raw["max_records_per_batch"]),
            checkpoint=Path(raw["checkpoint"]),
            catalogue_file=None if catalogue is None else Path(catalogue),
            now_file=Path(raw["now_file"]),
            stop_file=Path(raw["stop_file"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise JobFailure("InvalidInput", f"the spec {file} is not a StreamSpec: {error!r}") from error


def read_close_spec(file: Path) -> CloseSpec:
    """Raises JobFailure when the file is absent or not a CloseSpec."""
    raw = _read(file)
    try:
        return CloseSpec(**_window(raw), catalogue_file=_catalogue(raw))
    except (KeyError, TypeError, ValueError) as error:
        raise JobFailure("InvalidInput", f"the spec {file} is not a CloseSpec: {error!r}") from error
