"""Submitting, showing and canceling runs."""

from __future__ import annotations

import copy
import threading

from .cloud import Cloud, Run
from .execution import execute
from .names import WORKSPACE_ID
from .routing import Json, Request, Response, Routes, error

routes = Routes()
KINDS = {
    "Pipeline": "azureml.PipelineRun",
    "Command": "azureml.scriptrun",
    "Sweep": "hyperdrive",
}


@routes.arm("PUT", "/jobs/{name}")
def submit(cloud: Cloud, request: Request) -> Response:
    """Accept a run and start it."""
    body = request.json()
    cloud.record("PUT", request.path, body)
    if request.args["name"] in cloud.runs:
        return Response(body=cloud.put(request.path, body))
    if missing := _missing_compute(cloud, body["properties"]):
        return error(400, "UserError", f"Compute with name {missing} not found.")
    return Response(201, start(cloud, request.args["name"], body))


@routes.arm("GET", "/jobs")
def listing(cloud: Cloud, request: Request) -> Response:
    """List the runs, newest first."""
    found = [_current(cloud, document) for document in cloud.children(request.path)]
    return Response(body={"value": found[::-1]})


@routes.arm("GET", "/jobs/{name}")
def show(cloud: Cloud, request: Request) -> Response:
    """Return a run; a step of a pipeline is known here by its name only."""
    document = cloud.get(request.path)
    if document:
        return Response(body=_current(cloud, document))
    if request.args["name"] in cloud.runs:
        return Response(body={"id": request.path, "name": request.args["name"]})
    return error(404, "UserError", f"Run with id {request.args['name']} was not found.")


@routes.arm("POST", "/jobs/{name}/cancel")
def cancel(cloud: Cloud, request: Request) -> Response:
    """Stop a run and the steps in it that still work."""
    run = cloud.runs[request.args["name"]]
    run.canceled.set()
    if not run.ended:
        run.status = "CancelRequested"
    return Response()


def start(cloud: Cloud, name: str, body: Json) -> Json:
    """Begin to execute a run; return its document."""
    properties = body["properties"]
    run = Run(name, KINDS[properties["jobType"]], title=properties.get("displayName") or name)
    run.tags.update(properties.get("tags") or {})
    cloud.runs[name] = run
    studio = {"endpoint": f"{cloud.base}/runs/{name}", "jobServiceType": "Studio"}
    properties["services"] = {"Studio": studio}
    properties["status"] = run.status
    answer = copy.deepcopy(cloud.put(f"{WORKSPACE_ID}/jobs/{name}", body))
    if not cloud.idle:
        threading.Thread(target=execute, args=(cloud, run, properties), daemon=True).start()
    return answer


def _current(cloud: Cloud, document: Json) -> Json:
    document["properties"]["status"] = cloud.runs[document["name"]].status
    return document


def _missing_compute(cloud: Cloud, properties: Json) -> str:
    wanted = [
        properties.get("computeId"),
        (properties.get("settings") or {}).get("default_compute"),
        *(inner.get("computeId") for inner in (properties.get("jobs") or {}).values()),
    ]
    for compute in wanted:
        name = str(compute or "serverless").rsplit("/", 1)[-1]
        if name != "serverless" and cloud.get(f"{WORKSPACE_ID}/computes/{name}") is None:
            return name
    return ""
