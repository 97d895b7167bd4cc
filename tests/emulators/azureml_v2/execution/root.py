"""From a submitted body to a finished run, whatever its type."""

from __future__ import annotations

import re
import threading
import traceback
from pathlib import Path

from ..assets import next_version, register
from ..cloud import Cloud, Run, now
from ..routing import Json
from .graph import run_graph
from .step import Order, carry_out
from .sweep import run_sweep
from .values import Scope


def execute(cloud: Cloud, run: Run, properties: Json) -> None:
    """Carry out a pipeline, a command or a sweep, and leave its run in an end state."""
    with cloud.lock:
        cloud.services.setdefault("slots", threading.Semaphore(cloud.parallel))
    journal = _journal(cloud, run)
    run.status, run.start = "Running", now()
    try:
        if cloud.doom:
            run.fail(cloud.doom)
            cloud.doom = ""
        good = not run.failure and _RUNNERS[properties["jobType"]](cloud, run, properties, journal)
        if good:
            _register(cloud, run, properties)
    except Exception as error:  # noqa: BLE001  a bug of the emulator must not look like a hang
        run.fail(f"{error!r}\n{traceback.format_exc(limit=-3)}", "EmulatorError")
        good = False
    run.end = now()
    canceled = run.canceled.is_set() and not good
    run.status = "Canceled" if canceled else "Completed" if good else "Failed"
    _say(journal, f"the run is {run.status}")


def _pipeline(cloud: Cloud, run: Run, properties: Json, journal: Path) -> bool:
    scope = Scope(cloud, properties.get("inputs") or {})
    good = run_graph(cloud, run, properties, scope, lambda text: _say(journal, text))
    for name, inner in properties["jobs"].items():
        for output, spec in (inner.get("outputs") or {}).items():
            match = re.match(r"\$\{\{parent\.outputs\.(\w+)\}\}", str(spec.get("value", "")))
            if match and name in scope.outputs:
                run.outputs[match[1]] = scope.outputs[name][output]
    return good


def _command(cloud: Cloud, run: Run, properties: Json, _: Path) -> bool:
    outputs = properties.get("outputs") or {}
    spec = {
        "command": properties["command"],
        "code": properties.get("codeId"),
        "environment": properties.get("environmentId"),
        "outputs": {name: {"type": value["jobOutputType"]} for name, value in outputs.items()},
        "is_deterministic": False,
    }
    scope = Scope(cloud)
    inputs = {name: scope.value(value) for name, value in (properties.get("inputs") or {}).items()}
    limit = (properties.get("limits") or {}).get("timeout")
    variables = properties.get("environmentVariables") or {}
    return carry_out(cloud, Order(run, run.name, spec, inputs, variables, limit, outputs))


def _sweep(cloud: Cloud, run: Run, properties: Json, _: Path) -> bool:
    trial = properties["trial"]
    spec = {
        "command": trial["command"],
        "code": trial.get("codeId"),
        "environment": trial.get("environmentId"),
        "outputs": {
            name: {"type": value["jobOutputType"]}
            for name, value in (properties.get("outputs") or {}).items()
        },
    }
    scope = Scope(cloud)
    inputs = {name: scope.value(value) for name, value in (properties.get("inputs") or {}).items()}
    best = run_sweep(cloud, run, spec, inputs, properties)
    if best:
        run.outputs = dict(best.outputs)
        run.properties["best_child_run_id"] = best.name
    return best is not None


_RUNNERS = {"Pipeline": _pipeline, "Command": _command, "Sweep": _sweep}


def _register(cloud: Cloud, run: Run, properties: Json) -> None:
    """Register the outputs that carry a name: nobody needs to be logged in for that."""
    for output, spec in (properties.get("outputs") or {}).items():
        name = spec.get("assetName")
        if not name or output not in run.outputs:
            continue
        model = "model" in str(spec.get("jobOutputType"))
        kind, uri = ("models", "modelUri") if model else ("data", "dataUri")
        version = spec.get("assetVersion") or next_version(cloud, kind, name)
        body = {
            uri: run.outputs[output],
            "jobName": run.name,
            "isAnonymous": False,
            "tags": {},
            "properties": {},
        }
        body |= {"modelType": spec["jobOutputType"]} if model else {"dataType": "uri_folder"}
        register(cloud, kind, name, version, {"properties": body})


def _journal(cloud: Cloud, run: Run) -> Path:
    name = "logs/azureml/executionlogs.txt"
    path = cloud.container / "ExperimentRun" / f"dcid.{run.name}" / name
    path.parent.mkdir(parents=True)
    path.touch()
    run.logs[name] = str(path.relative_to(cloud.container))
    return path


def _say(journal: Path, text: str) -> None:
    with journal.open("a") as file:
        file.write(f"[{now()}] {text}\n")
