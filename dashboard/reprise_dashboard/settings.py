"""What the environment tells the dashboard: a folder and two addresses. It has no secret, no other access."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    serving_dir: Path
    temporal_url: str | None
    airflow_url: str | None

    @property
    def pointer_file(self) -> Path:
        return self.serving_dir / "current.json"

    @property
    def reports_dir(self) -> Path:
        return self.serving_dir / "reports"

    @property
    def now_file(self) -> Path:
        return self.serving_dir / "live" / "now.sqlite"

    @property
    def replays_dir(self) -> Path:
        return self.serving_dir / "replays"


def _address(name: str) -> str | None:
    value = os.environ.get(name, "").strip().rstrip("/")
    return value if value.startswith(("http://", "https://")) else None


def read_settings() -> Settings:
    """An empty variable counts as absent. Without a folder, `serving` in the working directory it is."""
    return Settings(
        serving_dir=Path(os.environ.get("REPRISE_SERVING_DIR") or "serving"),
        temporal_url=_address("TEMPORAL_UI_URL"),
        airflow_url=_address("AIRFLOW_URL"),
    )
