"""Schedules: kept, checked, and fired by hand."""

from __future__ import annotations

import copy
import re
import uuid

from .cloud import Cloud
from .names import WORKSPACE_ID
from .routing import Request, Response, Routes, error
from .submission import start

routes = Routes()
FIELD = re.compile(r"[\d*/,\-]+|[A-Za-z]{3}([,\-][A-Za-z]{3})*")


@routes.arm("PUT", "/schedules/{name}")
def create(cloud: Cloud, request: Request) -> Response:
    """Keep a schedule whose trigger makes sense."""
    body = request.json()
    cloud.record("PUT", request.path, body)
    expression = body["properties"]["trigger"].get("expression")
    fields = (expression or "* * * * *").split()
    if len(fields) != 5 or not all(FIELD.fullmatch(field) for field in fields):
        return error(400, "UserError", f"Invalid cron expression: {expression}")
    body["properties"]["provisioningState"] = "Succeeded"
    if body["properties"].get("isEnabled") is None:
        body["properties"]["isEnabled"] = True
    return Response(201, cloud.put(request.path, body))


@routes.arm("DELETE", "/schedules/{name}")
def delete(cloud: Cloud, request: Request) -> Response:
    """Forget a schedule."""
    cloud.delete(request.path)
    return Response()


def fire(cloud: Cloud, name: str) -> str:
    """Do what the schedule does when its time has come; return the run's name."""
    document = cloud.asset(f"{WORKSPACE_ID}/schedules/{name}")
    if not document["properties"].get("isEnabled", True):
        raise ValueError(f"schedule {name} is disabled")
    body = {"properties": copy.deepcopy(document["properties"]["action"]["jobDefinition"])}
    run = f"{name}-{uuid.uuid4().hex[:8]}"
    start(cloud, run, body)
    return run
