"""A job's report file."""

import json
import os
from pathlib import Path
from typing import Any


def write_report(file: Path, report: dict[str, Any]) -> None:
    """Replaces the file in one step: who reads it finds all of it or none of it."""
    draft = file.with_name(f"{file.name}.{os.getpid()}.new")
    draft.write_text(json.dumps(report, indent=2) + "\n")
    draft.replace(file)
