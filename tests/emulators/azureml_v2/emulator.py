"""The emulator: start it, hand its settings to the backend, look at what it saw, close it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from . import (
    assets,
    batch,
    blobs,
    certificate,
    elsewhere,
    history,
    identity,
    online,
    schedules,
    submission,
    workspace,
)
from .cloud import Cloud, Run
from .names import GROUP, SUBSCRIPTION, TENANT, WORKSPACE
from .server import Call, Fault, Server

COMPUTES = ("cpu-cluster", "big-cluster")


class Emulator:
    """A loopback Azure ML below `folder`, from its creation to `close`.

    `python` runs the steps, at most `parallel` at once; an `idle` one accepts runs and lets them
    wait for ever. Variables named in `passes` reach the steps, against the rules.
    `settings` and `environment` are what a person would write into the experiment and export.
    """

    def __init__(
        self,
        folder: Path,
        *,
        computes: tuple[str, ...] = COMPUTES,
        python: str = sys.executable,
        inference: str = f"{sys.executable} -m azureml_inference_server_http.amlserver",
        parallel: int = 2,
        idle: bool = False,
        passes: tuple[str, ...] = (),
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.cloud = Cloud(folder, python, inference, parallel, idle, passes=passes)
        self.cloud.container.mkdir(parents=True)
        self.certificate, key = certificate.create(folder)
        table = [
            *identity.routes,
            *workspace.routes,
            *submission.routes,
            *schedules.routes,
            *assets.routes,
            *online.routes,
            *batch.routes,
            *history.routes,
            *elsewhere.routes,
            *blobs.routes,
        ]
        self.server = Server(self.cloud, table, (self.certificate, key))
        self.cloud.base = f"https://127.0.0.1:{self.server.server_port}"
        workspace.furnish(self.cloud, computes, self.server.server_port)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def settings(self) -> dict[str, Any]:
        """`[backend.azureml-v2]` for this cloud."""
        base = self.cloud.base + "/"
        return {
            "subscription": SUBSCRIPTION,
            "resource_group": GROUP,
            "workspace": WORKSPACE,
            "auth": "service_principal",
            "cloud": {
                "name": f"Emulator{self.server.server_port}",
                "azure_portal": base,
                "resource_manager": base,
                "active_directory": base,
                "aml_resource_id": base + "aml",
                "storage_endpoint": "emulator",
                "registry_discovery_endpoint": base,
            },
        }

    @property
    def environment(self) -> dict[str, str]:
        """Variables without which nobody can talk to this cloud."""
        return {
            "REQUESTS_CA_BUNDLE": str(self.certificate),
            "NO_PROXY": "127.0.0.1",
            "AZURE_TENANT_ID": TENANT,
            "AZURE_CLIENT_ID": "22222222-2222-2222-2222-222222222222",
            "AZURE_CLIENT_SECRET": identity.SECRET,
        }

    @property
    def faults(self) -> list[Fault]:
        """Failures still to come; append to it."""
        return self.server.faults

    @property
    def calls(self) -> list[Call]:
        """Every request so far."""
        return self.server.calls

    @property
    def unmatched(self) -> list[str]:
        """`METHOD path` of requests that nothing here answers; a test fails if there are any."""
        return self.server.unmatched

    @property
    def bodies(self) -> list[tuple[str, str, dict[str, Any]]]:
        """What was sent to ARM: method, path below the workspace, body."""
        return self.cloud.bodies

    @property
    def runs(self) -> Mapping[str, Run]:
        """Runs and their steps by name."""
        return self.cloud.runs

    def fire(self, schedule: str) -> str:
        """Let a schedule's time come; return the name of the run."""
        return schedules.fire(self.cloud, schedule)

    def close(self) -> None:
        """Stop every run and every server."""
        self.cloud.close()
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self) -> Self:
        """Return the emulator itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()
