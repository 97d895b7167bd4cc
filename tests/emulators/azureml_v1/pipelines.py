"""Runs of pipelines: a graph is handed over, submitted, watched, cancelled."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from . import history
from .driver import Driver
from .routing import Call, Reply, Table, missing
from .state import Document, now, public, uid

if TYPE_CHECKING:
    from .server import Emulator

TABLE = Table()
RUNS = "pipelines/v1.0/{ws}/PipelineRuns"


@TABLE.on("POST", f"{RUNS}/Unsubmitted/CreationInfoWithGraph")
def create(emulator: Emulator, call: Call) -> Any:
    """Take a graph with the values of its parameters."""
    given = call.json()
    name = call.query["experimentName"]
    return public(new(emulator, given["Graph"], given["CreationInfo"], name))


@TABLE.on("POST", f"{RUNS}/Submit/{{id}}")
def submit(emulator: Emulator, call: Call) -> Any:
    """Begin."""
    start(emulator, emulator.state.pipelines[call["id"]])
    return Reply(None)


@TABLE.on("GET", f"{RUNS}/{{id}}")
def get(emulator: Emulator, call: Call) -> Any:
    """Say how a run stands."""
    found = emulator.state.pipelines.get(call["id"])
    return public(found) if found else missing(f"run {call['id']}", "NotFound")


@TABLE.on("POST", f"{RUNS}/{{id}}/Graph/AllNodes/Status")
def statuses(emulator: Emulator, call: Call) -> Any:
    """Say how every step stands."""
    return emulator.state.pipelines[call["id"]]["_driver"].statuses()


@TABLE.on("DELETE", f"{RUNS}/{{id}}/Execution")
def cancel(emulator: Emulator, call: Call) -> Any:
    """Stop what runs."""
    emulator.state.pipelines[call["id"]]["_driver"].cancel()
    return Reply(None)


@TABLE.on("GET", "pipelines/v1.0/{ws}/Graphs/{id}")
def graph(emulator: Emulator, call: Call) -> Any:
    """Return a graph as it was submitted."""
    return emulator.state.graphs[call["id"]]


def new(emulator: Emulator, graph: Document, given: Document, experiment: str) -> Document:
    """Write down a run that has not begun."""
    run, drawn = uid(), uid()
    emulator.state.graphs[drawn] = graph
    emulator.state.pipelines[run] = {
        "Id": run,
        "GraphId": drawn,
        "RunHistoryExperimentName": experiment,
        "Description": given.get("Description"),
        "ParameterAssignments": given.get("ParameterAssignments") or {},
        "DataSetDefinitionValueAssignments": {},
        "PipelineId": given.get("PipelineId"),
        "ScheduleId": given.get("ScheduleId"),
        "Status": {"StatusCode": "NotStarted", "CreationTime": now()},
        "_goes_on": bool(
            given.get("ContinueExperimentOnNodeFailure") or given.get("ContinueRunOnStepFailure")
        ),
    }
    return emulator.state.pipelines[run]


def start(emulator: Emulator, run: Document) -> None:
    """Let a run's steps be carried out, in a thread of their own."""
    facts = {"azureml.runsource": "azureml.PipelineRun", "runSource": "SDK"}
    history.new_run(
        emulator, run["RunHistoryExperimentName"], run["Id"],
        properties=facts, status="Running", startTimeUtc=now(),
    )  # fmt: skip
    run["Status"] = {"StatusCode": "Running", "StartTime": now()}
    run["_driver"] = driver = Driver(emulator, run)
    emulator.closing.append(driver.cancel)
    threading.Thread(target=driver.drive, daemon=True).start()
