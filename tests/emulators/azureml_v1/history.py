"""Run history: experiments, runs with their children and details, and the metrics they log."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import artifacts
from .login import token
from .routing import Call, Handler, Reply, Table, missing
from .state import Document, now, public, uid

if TYPE_CHECKING:
    from .server import Emulator

TABLE = Table()
# The SDK reaches the same things by the name of the experiment, by its id, and without either.
EXPERIMENT = ("history/v1.0/{ws}/experiments/{name}", "history/v1.0/{ws}/experimentids/{name}")
RUN = (*(f"{place}/runs/{{run}}" for place in EXPERIMENT), "history/v1.0/{ws}/runs/{run}")


def new_run(emulator: Emulator, experiment: str, run: str, **facts: Any) -> Document:
    """Write down a run that begins."""
    document: Document = {
        "runNumber": len(emulator.state.runs) + 1,
        "rootRunId": facts.get("parentRunId") or run,
        "experimentId": experiment_of(emulator, experiment)["experimentId"],
        "createdUtc": now(),
        "runId": run,
        "parentRunId": None,
        "status": "NotStarted",
        "startTimeUtc": None,
        "endTimeUtc": None,
        "name": None,
        "dataContainerId": f"dcid.{run}",
        "runType": "azureml.PipelineRun",
        "properties": {},
        "target": None,
        "tags": {},
        "hidden": False,
        "_experiment": experiment,
    }
    emulator.state.runs[run] = document | facts
    return emulator.state.runs[run]


def experiment_of(emulator: Emulator, name: str) -> Document:
    """Return the experiment called `name`, made when it is new."""
    fresh = {"experimentId": uid(), "name": name, "createdUtc": now(), "tags": {}}
    return emulator.state.experiments.setdefault(name, fresh)


def _every(method: str, places: tuple[str, ...], rest: str = "") -> Callable[[Handler], Handler]:
    def add(handler: Handler) -> Handler:
        for place in places:
            TABLE.on(method, place + rest)(handler)
        return handler

    return add


@_every("GET", EXPERIMENT)
def experiment(emulator: Emulator, call: Call) -> Any:
    """Describe an experiment, by name or id."""
    known = emulator.state.experiments.values()
    found = [one for one in known if call["name"] in (one["name"], one["experimentId"])]
    return found[0] if found else missing(f"experiment {call['name']}")


@TABLE.on("POST", EXPERIMENT[0])
def make_experiment(emulator: Emulator, call: Call) -> Any:
    """Make an experiment, or find it."""
    return experiment_of(emulator, call["name"])


@_every("POST", EXPERIMENT, "/runs:query")
@_every("POST", EXPERIMENT, "/runs/query")
@TABLE.on("POST", "history/v1.0/{ws}/runs/query")
def query(emulator: Emulator, call: Call) -> Any:
    """List the runs of an experiment, newest first."""
    wanted = call.names.get("name")
    runs = [run for run in emulator.state.runs.values() if wanted in (None, run["_experiment"])]
    return {"value": [public(run) for run in reversed(runs)], "continuationToken": None}


@_every("GET", RUN)
def run(emulator: Emulator, call: Call) -> Any:
    """Describe a run."""
    found = emulator.state.runs.get(call["run"])
    return public(found) if found else missing(f"run {call['run']}")


@_every("PATCH", RUN)
def patch(emulator: Emulator, call: Call) -> Any:
    """Take what a client or a step says about a run: tags and properties are added."""
    found = emulator.state.runs.get(call["run"])
    if not found:
        return missing(f"run {call['run']}")
    for name, value in call.json().items():
        if name in ("tags", "properties"):
            found[name] |= value or {}
        elif value is not None and name in ("displayName", "description", "name"):
            found[name] = value
    return public(found)


@_every("GET", RUN, "/children")
def children(emulator: Emulator, call: Call) -> Any:
    """List the runs of the steps."""
    mine = [run for run in emulator.state.runs.values() if run["parentRunId"] == call["run"]]
    return {"value": [public(run) for run in mine], "continuationToken": None}


@_every("GET", RUN, "/details")
def details(emulator: Emulator, call: Call) -> Any:
    """Describe a run with its error and the addresses of its logs."""
    found = emulator.state.runs.get(call["run"])
    if not found:
        return missing(f"run {call['run']}")
    names = ("runId", "target", "status", "startTimeUtc", "endTimeUtc", "properties")
    return {name: found[name] for name in names} | {
        "inputDatasets": [],
        "outputDatasets": [],
        "runDefinition": found.get("_definition"),
        "logFiles": artifacts.logs(emulator, call["run"]),
        "revision": 1,
        "error": found.get("_error"),
    }


@_every("POST", RUN, "/events")
@TABLE.on("POST", "history/v1.0/{ws}/experiments/{name}/events/batch")
def events(_emulator: Emulator, _call: Call) -> Any:
    """Take note of starts and ends; the emulator knows them better."""
    return Reply(None)


@_every("GET", RUN, "/metricsingest/wait")
def ingested(_emulator: Emulator, _call: Call) -> Any:
    """Say at once that all metrics have arrived: they have."""
    return {}


@_every("POST", RUN, "/token")
@_every("GET", RUN, "/token")
def run_token(_emulator: Emulator, _call: Call) -> Any:
    """Give a step that runs long a new token."""
    return {"token": token(), "expiryTimeUtc": now()}


@TABLE.on("POST", "metric/v2.0/{ws}/runs/{run}/batch")
def log(emulator: Emulator, call: Call) -> Any:
    """Keep what a step logs."""
    kept = emulator.state.metrics.setdefault(call["run"], [])
    for given in call.json()["values"]:
        kept += [given | {"value": given.get("value") or [given]}]
    return {}


@TABLE.on("POST", "metric/v2.0/{ws}/runs/{run}/list")
def metric_names(emulator: Emulator, call: Call) -> Any:
    """List the names of the metrics of a run."""
    kept = {one["name"]: one["columns"] for one in emulator.state.metrics.get(call["run"], [])}
    names = [
        {"metricKey": {"name": name, "namespace": None}, "columns": columns}
        for name, columns in kept.items()
    ]
    return {"value": names, "continuationToken": None}


@TABLE.on("POST", "metric/v2.0/{ws}/runs/{run}/full")
def metric(emulator: Emulator, call: Call) -> Any:
    """Return every value that was logged under one name."""
    name = call.json()["metricName"]
    kept = [one for one in emulator.state.metrics.get(call["run"], []) if one["name"] == name]
    values = [
        {"metricId": uid(), "createdUtc": now(), "step": number, "data": value["data"]}
        for number, value in enumerate(value for one in kept for value in one["value"])
    ]
    columns = kept[0]["columns"] if kept else {}
    facts = (kept[0].get("properties") if kept else None) or {}
    return {
        "dataContainerId": "",
        "name": name,
        "columns": columns,
        "properties": {"uxMetricType": facts.get("uxMetricType") or "azureml.v1.scalar"},
        "value": values,
        "continuationToken": None,
    }
