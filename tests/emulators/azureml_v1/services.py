"""Web services: a deployed model answers on loopback, run by its own entry script."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .routing import API, Call, Reply, Table, missing
from .serving import Service
from .state import SCOPE, Document, now, public, uid

if TYPE_CHECKING:
    from .server import Emulator

TABLE = Table()
PLACE = "modelmanagement/v1.0/{ws}/services"
# What the SDK insists on reading of a service, and what it is when nobody has said so.
USUAL: dict[str, Document] = {
    "containerResourceRequirements": dict.fromkeys(
        ("cpu", "cpuLimit", "memoryInGB", "memoryInGBLimit", "gpu")
    ),
    "autoScaler": dict.fromkeys(
        (
            "autoscaleEnabled", "maxReplicas", "minReplicas", "refreshPeriodInSeconds",
            "targetUtilization",
        )
    ),
    "dataCollection": {"eventHubEnabled": False, "storageEnabled": False},
    "livenessProbeRequirements": dict.fromkeys(
        (
            "periodSeconds", "initialDelaySeconds", "timeoutSeconds", "failureThreshold",
            "successThreshold",
        )
    ),
}  # fmt: skip
KEYS = {"primaryKey": "key-one", "secondaryKey": "key-two"}


@TABLE.on("POST", f"{PLACE}/validate")
@TABLE.on("POST", f"{PLACE}/validate/resource")
@TABLE.on("POST", f"{PLACE}/validate/name/{{name}}")
def validate(_emulator: Emulator, _call: Call) -> Any:
    """Find nothing wrong with a service that is to be made."""
    return {}


@TABLE.on("POST", PLACE)
def create(emulator: Emulator, call: Call) -> Any:
    """Unpack the scripts and the model, and serve them."""
    return _deploy(emulator, call.json())


@TABLE.on("PATCH", f"{PLACE}/{{name}}")
def update(emulator: Emulator, call: Call) -> Any:
    """Serve another model in place of the one before."""
    known = emulator.state.services[call["name"]]
    for change in call.json():
        known[change["path"].strip("/")] = change.get("value")
    known["_service"].close()
    return _deploy(emulator, public(known))


@TABLE.on("GET", PLACE)
def services(emulator: Emulator, call: Call) -> Any:
    """List the services."""
    name = call.query.get("name")
    known = emulator.state.services.values()
    return {"value": [_described(emulator, one) for one in known if name in (None, one["name"])]}


@TABLE.on("GET", f"{PLACE}/{{name}}")
def service(emulator: Emulator, call: Call) -> Any:
    """Describe one."""
    found = emulator.state.services.get(call["name"])
    return (
        _described(emulator, found)
        if found
        else missing(f"service {call['name']}", "ServiceNotFound")
    )


@TABLE.on("POST", f"{PLACE}/{{name}}/listkeys")
def keys(_emulator: Emulator, _call: Call) -> Any:
    """Tell the keys that a caller must show."""
    return KEYS


@TABLE.on("GET", f"{PLACE}/{{name}}/logs")
def logs(emulator: Emulator, call: Call) -> Any:
    """Return what the entry script has said."""
    return {"content": emulator.state.services[call["name"]]["_service"].log()}


@TABLE.on("DELETE", f"{PLACE}/{{name}}")
def delete(emulator: Emulator, call: Call) -> Any:
    """Stop serving."""
    found = emulator.state.services.pop(call["name"], None)
    if found:
        found["_service"].close()
    return Reply(None, 200 if found else 204)


@TABLE.on("GET", "modelmanagement/v1.0/{ws}/operations/{id}")
def operation(emulator: Emulator, call: Call) -> Any:
    """Say how the deployment stands."""
    name = emulator.state.operations[call["id"]]["name"]
    running = emulator.state.services[name]["_service"].healthy()
    error = None if running else {"code": "KubernetesDeploymentFailed", "message": "see the log",
                                  "statusCode": 400, "details": []}  # fmt: skip
    return {
        "id": call["id"],
        "operationType": "Service",
        "state": "Succeeded" if running else "Failed",
        "createdTime": now(),
        "endTime": now(),
        "error": error,
    }


def _deploy(emulator: Emulator, given: Document) -> Any:
    served = Service(emulator, given, KEYS if given.get("authEnabled", True) else {})
    emulator.closing.append(served.close)
    emulator.state.services[given["name"]] = given | {"_service": served}
    operation = uid()
    emulator.state.operations[operation] = {"name": given["name"]}
    place = f"https://{API}/modelmanagement/v1.0{SCOPE}/operations/{operation}"
    return Reply({}, 202, {"Operation-Location": place})


def _described(emulator: Emulator, known: Document) -> Any:
    served: Service = known["_service"]
    ids = known["environmentImageRequest"].get("modelIds") or []
    models = [emulator.state.models[name] for name in ids if name in emulator.state.models]
    return {
        "computeType": known.get("computeType"),
        "createdTime": now(),
        "updatedTime": now(),
        "description": known.get("description"),
        "kvTags": known.get("kvTags") or {},
        "name": known["name"],
        "properties": known.get("properties") or {},
        "appInsightsEnabled": False,
        "authEnabled": bool(known.get("authEnabled")),
        "cname": None,
        "location": "westeurope",
        "publicIp": "127.0.0.1",
        "scoringUri": served.url,
        "sslCertificate": None,
        "sslEnabled": False,
        "sslKey": None,
        "state": "Healthy" if served.healthy() else "Failed",
        "environmentImageRequest": known.get("environmentImageRequest"),
        "models": models,
        "numReplicas": known.get("numReplicas"),
        "computeName": known.get("computeName"),
        "maxConcurrentRequestsPerContainer": 1,
        "maxQueueWaitMs": 500,
        "scoringTimeoutMs": 60_000,
        "aadAuthEnabled": False,
        "deploymentStatus": None,
        "error": None,
    } | {name: usual | (known.get(name) or {}) for name, usual in USUAL.items()}
