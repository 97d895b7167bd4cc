"""Run history: details, children, logs and outputs of runs, and where outputs live."""

from __future__ import annotations

import uuid

from .cloud import Cloud, Run
from .names import ACCOUNT, CONTAINER
from .routing import Json, Request, Response, Routes

routes = Routes()


def describe(run: Run) -> Json:
    """Return a run as run history does."""
    outputs = {
        name: {"assetId": f"{run.name}|{name}", "type": "uri_folder"} for name in run.outputs
    }
    return {
        "runId": run.name,
        "parentRunId": run.parent or None,
        "rootRunId": run.parent or run.name,
        "status": run.status,
        "displayName": run.title or run.name,
        "runType": run.kind,
        "experimentId": "e",
        "properties": run.properties,
        "tags": run.tags,
        "createdUtc": run.created,
        "startTimeUtc": run.start or None,
        "endTimeUtc": run.end or None,
        "outputs": outputs,
        "runUuid": str(uuid.uuid5(uuid.NAMESPACE_URL, run.name)),
    }


@routes("POST", "/history/{rest*}/rundata")
def rundata(cloud: Cloud, request: Request) -> Response:
    """Return a run with its outputs."""
    run = cloud.runs[request.json()["runId"]]
    return Response(body={"runMetadata": describe(run), "runDefinition": {}})


@routes("GET", "/history/{rest*}/runs/{run}/children")
def children(cloud: Cloud, request: Request) -> Response:
    """List the steps of a pipeline, as far as they have begun."""
    parent = request.args["run"]
    found = [describe(run) for run in list(cloud.runs.values()) if run.parent == parent]
    return Response(body={"value": found})


@routes("GET", "/history/{rest*}/runs/{run}/details")
def details(cloud: Cloud, request: Request) -> Response:
    """Return the state of a run, its log files and why it failed."""
    run = cloud.runs[request.args["run"]]
    base = f"{cloud.base}/{ACCOUNT}/{CONTAINER}"
    return Response(
        body={
            "runId": run.name,
            "target": "local",
            "status": run.status,
            "startTimeUtc": run.start or None,
            "endTimeUtc": run.end or None,
            "properties": run.properties,
            "logFiles": {name: f"{base}/{path}" for name, path in run.logs.items()},
            "error": run.failure,
            "warnings": [],
        }
    )


@routes("GET", "/history/{rest*}/runs/{run}")
def show(cloud: Cloud, request: Request) -> Response:
    """Return a run."""
    return Response(body=describe(cloud.runs[request.args["run"]]))


@routes("PATCH", "/history/{rest*}/runs/{run}")
def tag(cloud: Cloud, request: Request) -> Response:
    """Add tags to a run."""
    run = cloud.runs[request.args["run"]]
    run.tags.update(request.json().get("tags") or {})
    return Response(body=describe(run))


@routes("POST", "/data/{rest*}/dataversion/batchGetResolvedUris")
@routes("POST", "/modelregistry/{rest*}/models/batchGetResolvedUris")
def resolve(cloud: Cloud, request: Request) -> Response:
    """Return the addresses of the outputs `run|name`."""
    body = request.json()
    values: Json = {}
    for asset in body.get("values") or body.get("assetIds") or []:
        run, _, name = asset.partition("|")
        uri = cloud.runs[run].outputs[name]
        values[asset] = {"uri": uri, "dataType": "UriFolder", "assetId": asset}
    return Response(body={"values": values})
