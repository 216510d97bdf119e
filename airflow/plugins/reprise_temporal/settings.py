"""What the bridge reads from the environment, at run time and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True)
class TemporalSettings:
    """Where Temporal is, and where people look at it."""

    address: str
    namespace: str
    ui_url: str

    @classmethod
    def read(cls, env: Mapping[str, str] = os.environ) -> TemporalSettings:
        return cls(
            address=env.get("TEMPORAL_ADDRESS") or "127.0.0.1:7233",
            namespace=env.get("TEMPORAL_NAMESPACE") or "default",
            ui_url=(env.get("TEMPORAL_UI_URL") or "http://127.0.0.1:8233").rstrip("/"),
        )

    def workflow_url(self, workflow_id: str, run_id: str) -> str:
        namespace, workflow = quote(self.namespace, safe=""), quote(workflow_id, safe="")
        return f"{self.ui_url}/namespaces/{namespace}/workflows/{workflow}/{run_id}/history"


# contracts/steps.ts: VolumeShape; tests/test_contracts.py compares them.
VOLUME_SHAPES = ("flat", "diurnal")


@dataclass(frozen=True)
class WindowDefaults:
    """What a window is when its run does not say."""

    events: int
    seed: int
    shards: int
    volume_shape: str

    @classmethod
    def read(cls, env: Mapping[str, str] = os.environ) -> WindowDefaults:
        return cls(
            events=_whole(env, "REPRISE_EVENTS_PER_WINDOW", 20_000),
            seed=_whole(env, "REPRISE_SEED", 1),
            shards=_whole(env, "REPRISE_SHARDS", 2),
            volume_shape=_shape(env, "REPRISE_VOLUME_SHAPE", "diurnal"),
        )


def dag_run_url(dag_id: str, run_id: str, env: Mapping[str, str] = os.environ) -> str:
    """The page of a DAG run, for the way back from Temporal."""
    base = (env.get("AIRFLOW_URL") or env.get("AIRFLOW__API__BASE_URL") or "http://127.0.0.1:8080").rstrip(
        "/"
    )
    return f"{base}/dags/{quote(dag_id, safe='')}/runs/{quote(run_id, safe='')}"


def _whole(env: Mapping[str, str], name: str, default: int) -> int:
    value = env.get(name) or str(default)
    try:
        return int(value)
    except ValueError:
        raise ValueError(f"{name} must be a whole number, not {value!r}") from None


def _shape(env: Mapping[str, str], name: str, default: str) -> str:
    value = env.get(name) or default
    if value not in VOLUME_SHAPES:
        raise ValueError(f"{name} must be {' or '.join(VOLUME_SHAPES)}, not {value!r}")
    return value
