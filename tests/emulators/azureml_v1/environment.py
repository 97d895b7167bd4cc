"""The environment variables that a step finds, as Azure ML sets them.

With these `azureml.core.Run.get_context()` is a submitted run whose metrics arrive.
"""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

from .login import token
from .routing import API
from .state import GROUP, SUBSCRIPTION, WORKSPACE, WORKSPACE_ID

if TYPE_CHECKING:
    from .process import Process

# Steps run side by side here, on one machine: each gets the processors of one.
THREADS = {"OMP_NUM_THREADS": "1"}
# What a process needs to start at all; nothing else of this machine reaches a step.
KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "SYSTEMROOT")
DAY = 86_400


def variables(step: Process) -> dict[str, str]:
    """Return the whole environment of a step's process."""
    emulator = step.emulator
    run = emulator.state.runs[step.name]
    config = json.loads(step.node.get("Runconfig") or "{}")
    wanted = (config.get("environment") or {}).get("environmentVariables") or {}
    wanted |= config.get("environmentVariables") or {}
    kept = {name: os.environ[name] for name in emulator.kept if name in os.environ}
    service = f"https://{API}"
    return kept | THREADS | {name: str(value) for name, value in wanted.items()} | {
        "HOME": str(step.folder / "home"),
        "PYTHONPATH": str(emulator.site),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "AZUREML_RUN_ID": step.name,
        "AZUREML_ROOT_RUN_ID": run["rootRunId"],
        "AZUREML_ARM_SUBSCRIPTION": SUBSCRIPTION,
        "AZUREML_ARM_RESOURCEGROUP": GROUP,
        "AZUREML_ARM_WORKSPACE_NAME": WORKSPACE,
        "AZUREML_ARM_PROJECT_NAME": run["_experiment"],
        "AZUREML_WORKSPACE_ID": WORKSPACE_ID,
        "AZUREML_EXPERIMENT_ID": run["experimentId"],
        "AZUREML_SERVICE_ENDPOINT": service,
        "AZUREML_DISCOVERY_SERVICE_ENDPOINT": f"{service}/discovery",
        "AZUREML_RUN_TOKEN": token(),
        "AZUREML_RUN_TOKEN_EXPIRY": str(int(time.time()) + DAY),
    } | {name: str(step.places[name]) for name in step.inputs}  # fmt: skip
