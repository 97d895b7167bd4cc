"""Batch endpoints whose deployment is a pipeline component."""

from __future__ import annotations

import uuid

from .cloud import Cloud
from .names import WORKSPACE_ID
from .routing import Json, Request, Response, Routes, error
from .submission import start

routes = Routes()


@routes.arm("PUT PATCH", "/batchEndpoints/{name}")
def endpoint(cloud: Cloud, request: Request) -> Response:
    """Create an endpoint, or say which deployment is its default."""
    body = request.json()
    cloud.record(request.method, request.path, body)
    old = cloud.get(request.path) or {"properties": {}}
    uri = f"{cloud.base}/batchjobs/{request.args['name']}"
    body["properties"] = {
        **old["properties"],
        **body["properties"],
        "scoringUri": uri,
        "provisioningState": "Succeeded",
    }
    return Response(body=cloud.put(request.path, {**old, **body}))


@routes.arm("PUT", "/batchEndpoints/{name}/deployments/{deployment}")
def deployment(cloud: Cloud, request: Request) -> Response:
    """Keep a deployment."""
    body = request.json()
    cloud.record("PUT", request.path, body)
    body["properties"]["provisioningState"] = "Succeeded"
    return Response(body=cloud.put(request.path, body))


@routes("POST", "/batchjobs/{name}")
@routes("POST", "/batchjobs/{name}/jobs")
def invoke(cloud: Cloud, request: Request) -> Response:
    """Run the pipeline component of the default deployment with the inputs of the call."""
    if not request.headers.get("Authorization", "").startswith("Bearer ey"):
        return error(401, "Unauthorized", "a token is needed")
    body = request.json()
    cloud.record("POST", request.path, body)
    path = f"{WORKSPACE_ID}/batchEndpoints/{request.args['name']}"
    chosen = request.headers.get("azureml-model-deployment", "")
    chosen = chosen or cloud.asset(path)["properties"]["defaults"]["deploymentName"]
    config = cloud.asset(f"{path}/deployments/{chosen}")["properties"]["deploymentConfiguration"]
    spec = cloud.asset(config["componentId"]["assetId"])["properties"]["componentSpec"]
    given = body["properties"].get("InputData") or body["properties"].get("inputData") or {}
    name = f"batchjob-{uuid.uuid4()}"
    return Response(201, start(cloud, name, _expand(spec, config, given, request.args["name"])))


def _expand(spec: Json, config: Json, given: Json, experiment: str) -> Json:
    inputs = {
        name: {"jobInputType": "literal", "value": value["default"]}
        for name, value in (spec.get("inputs") or {}).items()
        if "default" in value
    }
    for name, raw in given.items():
        value = {key.lower(): entry for key, entry in raw.items()}  # the service takes any case
        inputs[name] = (
            {"jobInputType": "literal", "value": value["value"]}
            if "value" in value
            else {"jobInputType": "uri_file", "uri": value["uri"]}
        )
    properties = {
        "jobType": "Pipeline",
        "jobs": {name: _node(inner) for name, inner in spec["jobs"].items()},
        "inputs": inputs,
        "outputs": {},
        "settings": config.get("settings") or {},
        "experimentName": experiment,
        "tags": {"azureml.batchrun": "true", "azureml.jobtype": "azureml.pipelinejob"},
        "properties": {},
    }
    return {"properties": properties}


def _node(inner: Json) -> Json:
    """Return one entry of a pipeline component as it stands in a pipeline."""

    def given(value: object) -> Json:
        if isinstance(value, dict) and "job_input_type" in value:
            return value
        text = value["path"] if isinstance(value, dict) else value
        return {"job_input_type": "literal", "value": text}

    return {
        **inner,
        "componentId": inner.get("componentId") or inner.get("component"),
        "inputs": {name: given(value) for name, value in (inner.get("inputs") or {}).items()},
        "outputs": {
            name: value if isinstance(value, dict) else {"value": value}
            for name, value in (inner.get("outputs") or {}).items()
        },
    }
