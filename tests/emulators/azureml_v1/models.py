"""The model registry: names, versions and tags for uploaded files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .routing import Call, Reply, Table, missing
from .state import Document, now, uid

if TYPE_CHECKING:
    from .server import Emulator

TABLE = Table()
PLACE = "modelmanagement/v1.0/{ws}"
# The SDK's deserialiser wants every one of these to be there.
ABSENT = (
    "framework", "frameworkVersion", "experimentName", "runId", "description", "derivedModelIds",
    "sampleInputDatasetId", "sampleOutputDatasetId", "resourceRequirements", "parentModelId",
)  # fmt: skip


@TABLE.on("POST", f"{PLACE}/assets")
def make_asset(emulator: Emulator, call: Call) -> Any:
    """Keep a set of uploaded files under one id."""
    asset = call.json() | {"id": uid(), "createdTime": now()}
    emulator.state.assets[asset["id"]] = asset
    return asset


@TABLE.on("GET", f"{PLACE}/assets/{{id}}")
def asset(emulator: Emulator, call: Call) -> Any:
    """Return such a set."""
    return emulator.state.assets[call["id"]]


@TABLE.on("POST", f"{PLACE}/models")
def register(emulator: Emulator, call: Call) -> Any:
    """Make files the next version of a model."""
    given, known = call.json(), emulator.state.models.values()
    version = 1 + max((one["version"] for one in known if one["name"] == given["name"]), default=0)
    facts: Document = {
        "id": f"{given['name']}:{version}",
        "version": version,
        "createdTime": now(),
        "modifiedTime": now(),
        "createdBy": {"userName": "me"},
    }
    empty = dict.fromkeys(ABSENT) | {"properties": {}, "datasets": [], "kvTags": {}}
    emulator.state.models[facts["id"]] = empty | given | facts
    return emulator.state.models[facts["id"]]


@TABLE.on("GET", f"{PLACE}/models")
def models(emulator: Emulator, call: Call) -> Any:
    """List models, the newest version first."""
    name = call.query.get("name")
    found = [one for one in emulator.state.models.values() if name in (None, one["name"])]
    found.sort(key=lambda one: -one["version"])
    return {"value": found[: int(call.query.get("count") or len(found))]}


@TABLE.on("GET", f"{PLACE}/models/{{id}}")
def model(emulator: Emulator, call: Call) -> Any:
    """Return one version of a model."""
    found = emulator.state.models.get(call["id"])
    return found or missing(f"model {call['id']}", "ModelNotFound")


@TABLE.on("PATCH", f"{PLACE}/models/{{id}}")
def patch(emulator: Emulator, call: Call) -> Any:
    """Change the tags or properties of a model, by JSON patch."""
    found = emulator.state.models[call["id"]]
    for change in call.json():
        _, field, *rest = change["path"].split("/")
        if not rest:
            found[field] = change.get("value")
        elif change["op"] == "remove":
            (found[field] or {}).pop(rest[0], None)
        else:
            found[field] = (found[field] or {}) | {rest[0]: change["value"]}
    return found


@TABLE.on("DELETE", f"{PLACE}/models/{{id}}")
def delete(emulator: Emulator, call: Call) -> Any:
    """Forget one version of a model."""
    emulator.state.models.pop(call["id"], None)
    return Reply(None)
