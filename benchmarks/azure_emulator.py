"""An emulated workspace for benchmarks/azure.py, in a process of its own and with the SDK's Python.

python benchmarks/azure_emulator.py azureml|azureml-v2 FOLDER

Prints the experiment's table and the environment as JSON, then answers each line that it reads:
`wait` when every run has ended, `uploads` how many files have been uploaded since. Steps do
nothing there, so that only the client is timed.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

GIVEN = {"default_compute": "cpu-cluster", "environment": "curated:1"}
Facts = dict[str, Any]


def idle(folder: Path) -> str:
    """Return an interpreter that does nothing, for the steps."""
    folder.mkdir(parents=True)
    (folder / "python").symlink_to("/bin/true")
    return str(folder / "python")


def v1(folder: Path) -> tuple[Facts, Callable[[], bool], Callable[[], int]]:
    """Start the workspace of the SDK v1."""
    from concrete_cli.emulators.azureml_v1 import Emulator
    from concrete_cli.emulators.azureml_v1.login import ENVIRONMENT
    from concrete_cli.emulators.azureml_v1.state import GROUP, SUBSCRIPTION, WORKSPACE

    made = Emulator(folder, python=idle(folder / "bin"))
    place = {"subscription": SUBSCRIPTION, "resource_group": GROUP, "workspace": WORKSPACE}
    facts = {
        "table": {**GIVEN, **place, "auth": "service_principal"},
        "environment": {**ENVIRONMENT, "PYTHONPATH": str(made.site)},
    }

    def ended() -> bool:
        runs = made.state.pipelines.values()
        return all(run["Status"]["StatusCode"] not in ("NotStarted", "Running") for run in runs)

    def uploads() -> int:
        return sum(verb == "PUT" and "blob.core" in at for verb, at, _ in made.calls)

    return facts, ended, uploads


def v2(folder: Path) -> tuple[Facts, Callable[[], bool], Callable[[], int]]:
    """Start the workspace of the SDK v2."""
    from concrete_cli.emulators.azureml_v2 import Emulator

    made = Emulator(folder, python=idle(folder / "bin"))
    facts = {"table": {**GIVEN, **made.settings}, "environment": made.environment}

    def ended() -> bool:
        return all(run.ended for run in made.runs.values())

    def uploads() -> int:
        return sum(call.method == "PUT" and "/acct/" in call.path for call in made.calls)

    return facts, ended, uploads


def main(sdk: str, folder: Path) -> None:
    """Serve until there is nobody left who asks."""
    facts, ended, uploads = {"azureml": v1, "azureml-v2": v2}[sdk](folder)
    print(json.dumps(facts), flush=True)
    before = 0
    for line in sys.stdin:
        if line.strip() == "wait":
            while not ended():
                time.sleep(0.05)
            print("ended", flush=True)
        else:
            before, now = uploads(), before
            print(before - now, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
