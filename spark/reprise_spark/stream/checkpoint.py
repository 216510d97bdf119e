"""What Spark's own checkpoint says: which offsets a batch reads. Its offset log is written before a batch
begins, so a batch that was cut off reads the same records when it is run again."""

import json
import uuid
from pathlib import Path

from reprise_spark.stream.source import Offsets


class Checkpoint:
    """A folder: Spark's part of it, where the stream began, and the ids that were seen."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def query_folder(self) -> Path:
        return self._folder / "query"

    @property
    def ids_folder(self) -> Path:
        return self._folder / "ids"

    @property
    def listeners_folder(self) -> Path:
        return self._folder / "listeners"

    @property
    def tracks_folder(self) -> Path:
        return self._folder / "tracks"

    def query_id(self) -> str:
        """Spark's name of the checkpoint; with another one, batches are counted from 0 again."""
        file = self.query_folder / "metadata"
        if not file.exists():
            # Spark makes it at its first start; a batch needs it before.
            file.parent.mkdir(parents=True, exist_ok=True)
            draft = file.with_name("metadata.new")
            draft.write_text(json.dumps({"id": str(uuid.uuid4())}))
            draft.replace(file)
        return str(json.loads(file.read_text())["id"])

    def position(self) -> tuple[int, Offsets]:
        """The last batch that is in every table, and the offsets behind it; 0 also when there was none."""
        done = [int(file.name) for file in (self.query_folder / "commits").glob("[0-9]*")]
        return (max(done), self.end(max(done))) if done else (0, self.start() or {})

    @property
    def _start_file(self) -> Path:
        return self._folder / "start.json"

    def start(self) -> Offsets | None:
        """Where the first batch begins; None when the stream has never run."""
        if not self._start_file.exists():
            return None
        return {int(one): int(at) for one, at in json.loads(self._start_file.read_text()).items()}

    def begin_at(self, offsets: Offsets) -> None:
        draft = self._start_file.with_suffix(".new")
        draft.write_text(json.dumps(offsets))
        draft.replace(self._start_file)

    def begin(self, batch: int) -> Offsets:
        """First offset of a batch, by partition; one that is not named begins at its first record."""
        return (self.start() or {}) if batch == 0 else self.end(batch - 1)

    def end(self, batch: int) -> Offsets:
        """Offset behind a batch, by partition."""
        lines = (self.query_folder / "offsets" / str(batch)).read_text().splitlines()
        # A version, the query's state, and the offsets of each source: here one source of one topic.
        (by_partition,) = json.loads(lines[2]).values()
        return {int(one): int(at) for one, at in by_partition.items()}
