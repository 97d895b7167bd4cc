"""Published pipelines with their REST address, and schedules."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from . import pipelines
from .routing import API, Call, Reply, Table, missing
from .state import SCOPE, Document, now, public, uid

if TYPE_CHECKING:
    from .server import Emulator

TABLE = Table()
PIPELINES = "pipelines/v1.0/{ws}/Pipelines"
SCHEDULES = "pipelines/v1.0/{ws}/Schedules"


@TABLE.on("POST", f"{PIPELINES}/Create")
def publish(emulator: Emulator, call: Call) -> Any:
    """Keep a graph so that it can be started again and again."""
    given, made = call.json(), uid()
    names = ("Name", "Description", "Version", "ParameterAssignments", "ContinueRunOnStepFailure")
    emulator.state.published[made] = {name: given.get(name) for name in names} | {
        "Id": made,
        "GraphId": None,
        "EntityStatus": "Active",
        "CreatedDate": now(),
        "Url": f"https://{API}/pipelines/v1.0{SCOPE}/PipelineRuns/PipelineSubmit/{made}",
        "_graph": given["Graph"],
    }
    return public(emulator.state.published[made])


@TABLE.on("GET", PIPELINES)
def pipelines_list(emulator: Emulator, _call: Call) -> Any:
    """List what is published."""
    return [public(one) for one in emulator.state.published.values()]


@TABLE.on("GET", f"{PIPELINES}/{{id}}")
def get(emulator: Emulator, call: Call) -> Any:
    """Return a published pipeline."""
    found = emulator.state.published.get(call["id"])
    return public(found) if found else missing(f"pipeline {call['id']}", "NotFound")


@TABLE.on("PUT", f"{PIPELINES}/{{id}}/Status")
def set_status(emulator: Emulator, call: Call) -> Any:
    """Enable or disable one."""
    emulator.state.published[call["id"]]["EntityStatus"] = call.query.get("status") or "Disabled"
    return Reply(None)


@TABLE.on("POST", "pipelines/v1.0/{ws}/PipelineRuns/PipelineSubmit/{id}")
def trigger(emulator: Emulator, call: Call) -> Any:
    """Start a published pipeline: what the REST address does."""
    return public(submit(emulator, emulator.state.published[call["id"]], call.json()))


def submit(emulator: Emulator, published: Document, given: Document) -> Document:
    """Start a run of a published pipeline with other parameters, if any are given."""
    known = published["ParameterAssignments"] or {}
    facts = given | {
        "ParameterAssignments": known | (given.get("ParameterAssignments") or {}),
        "ContinueRunOnStepFailure": published["ContinueRunOnStepFailure"],
        "PipelineId": published["Id"],
    }
    graph = copy.deepcopy(published["_graph"])
    run = pipelines.new(emulator, graph, facts, given.get("ExperimentName") or published["Name"])
    pipelines.start(emulator, run)
    return run


@TABLE.on("POST", f"{SCHEDULES}/Create")
def schedule(emulator: Emulator, call: Call) -> Any:
    """Keep a schedule; the emulator never wakes up by itself, see `fire`."""
    made = {"Id": uid(), "EntityStatus": "Active", "ProvisioningStatus": "Completed"}
    emulator.state.schedules[made["Id"]] = call.json() | made
    return emulator.state.schedules[made["Id"]]


@TABLE.on("GET", SCHEDULES)
def schedules(emulator: Emulator, _call: Call) -> Any:
    """List the schedules."""
    return list(emulator.state.schedules.values())


@TABLE.on("GET", f"{SCHEDULES}/{{id}}")
def get_schedule(emulator: Emulator, call: Call) -> Any:
    """Return a schedule."""
    found = emulator.state.schedules.get(call["id"])
    return found or missing(f"schedule {call['id']}", "NotFound")


@TABLE.on("PUT", f"{SCHEDULES}/{{id}}")
def update_schedule(emulator: Emulator, call: Call) -> Any:
    """Change a schedule: this is how one is disabled."""
    emulator.state.schedules[call["id"]] |= call.json()
    return emulator.state.schedules[call["id"]]


def fire(emulator: Emulator, schedule: str) -> Document:
    """Start what a schedule starts, as if its time had come."""
    known = emulator.state.schedules[schedule]
    given = known.get("PipelineSubmissionInfo") or {}
    return submit(emulator, emulator.state.published[known["PipelineId"]], given)
