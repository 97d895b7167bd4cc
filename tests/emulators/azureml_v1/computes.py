"""Compute targets and environments: known by name, never built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .routing import Call, Table, missing
from .state import SCOPE, Document, now

if TYPE_CHECKING:
    from .server import Emulator

TABLE = Table()
# What the SDK wants to know of a cluster; of the others it makes do with nothing, or with less.
CLUSTER = {
    "vmSize": "STANDARD_DS3_V2",
    "vmPriority": "Dedicated",
    "scaleSettings": {
        "minNodeCount": 0, "maxNodeCount": 2, "nodeIdleTimeBeforeScaleDown": "PT120S",
    },
    "subnet": None,
    "osType": "Linux",
    "errors": None,
    "currentNodeCount": 0,
    "targetNodeCount": 0,
    "allocationState": "Steady",
    "allocationStateTransitionTime": now(),
    "nodeStateCounts": None,
}  # fmt: skip
PROPERTIES: dict[str, Document | None] = {"AmlCompute": CLUSTER, "AKS": None}


@TABLE.on("GET", "rp/workspaces/{ws}/computes")
@TABLE.on("GET", "rp/workspaces/subscriptions/{path...}/computes")
def computes(emulator: Emulator, _call: Call) -> Any:
    """List the compute targets."""
    known = sorted(emulator.state.computes.items())
    return {"value": [_compute(name, kind) for name, kind in known]}


@TABLE.on("GET", "rp/workspaces/subscriptions/{path...}/computes/{name}")
def compute(emulator: Emulator, call: Call) -> Any:
    """Describe one."""
    kind = emulator.state.computes.get(call["name"])
    if kind is None:
        return missing(f"compute {call['name']}", "ComputeNotFound")
    return _compute(call["name"], kind)


@TABLE.on("PUT", "environment/v1.0/{ws}/environments/{name}")
def register(emulator: Emulator, call: Call) -> Any:
    """Keep a version of an environment."""
    versions = emulator.state.environments.setdefault(call["name"], [])
    given = call.json() | {"name": call["name"], "version": str(len(versions) + 1)}
    versions.append(given)
    return given


@TABLE.on("GET", "environment/v1.0/{ws}/environments/{name}")
@TABLE.on("GET", "environment/v1.0/{ws}/environments/{name}/versions/{version}")
def environment(emulator: Emulator, call: Call) -> Any:
    """Return the newest version of an environment, or the one asked for."""
    versions = emulator.state.environments.get(call["name"], [])
    wanted = call.names.get("version")
    known = [one for one in versions if wanted in (None, one["version"])]
    return known[-1] if known else missing(f"environment {call['name']}")


def curated(name: str, version: str) -> Document:
    """Return an environment as the service has it."""
    return {
        "name": name,
        "version": version,
        "environmentVariables": {},
        "python": {"userManagedDependencies": True, "interpreterPath": "python"},
        "docker": {"baseImage": f"mcr.microsoft.com/azureml/{name}:{version}"},
    }


def _compute(name: str, kind: str) -> Any:
    return {
        "id": f"{SCOPE}/computes/{name}",
        "name": name,
        "location": "westeurope",
        "tags": {},
        "type": "Microsoft.MachineLearningServices/workspaces/computes",
        "properties": {
            "computeType": kind,
            "computeLocation": "westeurope",
            "description": None,
            "resourceId": f"{SCOPE}/computes/{name}",
            "provisioningState": "Succeeded",
            "provisioningErrors": None,
            "createdOn": now(),
            "modifiedOn": now(),
            "isAttachedCompute": kind != "AmlCompute",
            "properties": PROPERTIES.get(kind, {}),
        },
    }
