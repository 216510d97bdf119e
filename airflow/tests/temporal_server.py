"""The real Temporal dev server, and a worker that plays the part of Reprise's workers."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from conftest import REPOSITORY
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from reprise_temporal.settings import TemporalSettings
from reprise_temporal.window import TASK_QUEUE

_PROVISIONED: Path = REPOSITORY / ".reprise/tools/venvs/servers/bin/temporal"


def server_program() -> Path | None:
    """Reprise's own, else one that is installed; None: the tests that need it are skipped."""
    if _PROVISIONED.exists():
        return _PROVISIONED
    found = shutil.which("temporal")
    return Path(found) if found else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class TemporalServer:
    """With a database on disk, what runs goes on after a restart."""

    def __init__(self, program: Path, database: Path) -> None:
        self.settings = TemporalSettings(
            address=f"127.0.0.1:{_free_port()}", namespace="default", ui_url="http://ui"
        )
        port = self.settings.address.rpartition(":")[2]
        where = ["--headless", "--ip", "127.0.0.1", "--port", port, "--metrics-port", str(_free_port())]
        self._command: list[str | Path] = [program, "server", "start-dev", *where, "--db-filename", database]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [*self._command, "--log-level", "error"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # The server has no use for the settings of the tests.
            env={"PATH": os.environ.get("PATH", ""), "HOME": os.environ.get("HOME", "/")},
        )
        _await_answer(self.settings.address, self._process)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=20)


def _await_answer(address: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            asyncio.run(_answers(address))
        except (RuntimeError, OSError):
            if server.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.2)
        else:
            return


async def _answers(address: str) -> None:
    client = await Client.connect(address)
    # The port opens before the namespace exists.
    await client.count_workflows()


# How often the pretended window tries an activity that may get better.
ATTEMPTS = 3


@activity.defn(name="reconcileWindow")
async def _does_not_reconcile() -> None:
    raise ApplicationError("raw lacks 3 records", type="DataQualityFailed", non_retryable=True)


@workflow.defn(name="listeningWindow")
class PretendedWindow:
    """Its seed says how it goes.

    1 completes, 2 fails as Reprise's does, 3 fails in a bare activity, 4 hangs, 5 takes a while, 6 ends once
    somebody has joined it and says who.
    """

    def __init__(self) -> None:
        self.joined_by: list[dict[str, Any]] = []

    @workflow.signal
    def joined(self, order: dict[str, Any]) -> None:
        self.joined_by.append(order)

    @workflow.run
    async def run(self, given: dict[str, Any]) -> dict[str, Any]:
        if given["seed"] == 2:
            raise ApplicationError(
                "reconcile: raw lacks\n3 records", None, {"step": "reconcile"}, type="DataQualityFailed"
            )
        if given["seed"] == 3:
            await workflow.execute_activity(
                "reconcileWindow",
                start_to_close_timeout=timedelta(seconds=10),
                retry_policy=RetryPolicy(
                    maximum_attempts=ATTEMPTS, initial_interval=timedelta(milliseconds=1)
                ),
            )
        if given["seed"] == 4:
            await asyncio.sleep(3600)
        if given["seed"] == 5:
            await asyncio.sleep(6)
        if given["seed"] == 6:
            await workflow.wait_condition(lambda: bool(self.joined_by))
            return {"joined_by": self.joined_by}
        return {"window": given["window"], "requested_by": given["requested_by"]}


@workflow.defn(name="replayPlan")
class PretendedPlan:
    """Plans the first window of a scope, one a part, and refuses scopes that begin in 1999."""

    @workflow.run
    async def run(self, scope: dict[str, Any]) -> dict[str, Any]:
        if scope["from"].startswith("1999"):
            raise ApplicationError("to: that is no range", type="InvalidInput", non_retryable=True)
        rest = scope["to"] if scope["from"] < scope["to"] else None
        return {"windows": [{"window": scope["from"], "scope": scope}], "next": rest}


@asynccontextmanager
async def pretending_worker(
    settings: TemporalSettings, reconcile: Callable[[], Awaitable[None]] = _does_not_reconcile
) -> AsyncIterator[Client]:
    client = await Client.connect(settings.address)
    async with Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[PretendedWindow, PretendedPlan],
        activities=[reconcile],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        yield client
