"""Datasets: names and versions for files in the store."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from . import blobs
from .routing import Call, Table, missing, refused
from .state import STORE, Document, now, uid

if TYPE_CHECKING:
    from .server import Emulator

TABLE = Table()
PATHS = re.compile(r"/datastores/[^/]+/paths/([^\"'\s\\]*)")


def files(emulator: Emulator, saved: str) -> list[Path]:
    """Return the files of a saved dataset, found by the pattern in its definition."""
    root = blobs.store_root(emulator)
    found: list[Path] = []
    for pattern in PATHS.findall(json.dumps(emulator.state.saved[saved]["dataflow"])):
        wanted = unquote(pattern).strip("/")
        whole = root / wanted
        if whole.is_file():
            found.append(whole)
        else:
            inside = wanted.removesuffix("/**")
            found += sorted(path for path in (root / inside).rglob("*") if path.is_file())
    return found


def save(emulator: Emulator, dataflow: Any) -> str:
    """Keep a definition; the answer is its id."""
    saved = uid()
    emulator.state.saved[saved] = {"id": saved, "dataflow": dataflow}
    return saved


def register(emulator: Emulator, name: str, saved: str, **facts: Any) -> Document:
    """Make a definition the next version of a named dataset."""
    versions = emulator.state.datasets.setdefault(name, [])
    first = versions[0]["id"] if versions else uid()
    fresh = {"id": first, "version": len(versions) + 1, "name": name, "saved": saved} | facts
    versions.append(fresh)
    return fresh


def register_folder(emulator: Emulator, name: str, folder: Path) -> None:
    """Register what a step left behind."""
    path = folder.resolve().relative_to(blobs.store_root(emulator)).as_posix()
    flow = {"paths": [{"pattern": f"azureml://workspaces/ws/datastores/{STORE}/paths/{path}/**"}]}
    register(emulator, name, save(emulator, json.dumps(flow)))


def saved_id(emulator: Emulator, reference: Document) -> str:
    """Return the definition behind what a graph refers to: a saved or a registered dataset."""
    given = reference["Id"]
    for versions in emulator.state.datasets.values():
        for one in versions:
            if one["id"] == given and str(one["version"]) == str(reference.get("Version")):
                return one["saved"]  # type: ignore[no-any-return]
    return given  # type: ignore[no-any-return]


@TABLE.on("POST", "dataset/v1.0/{ws}/saveddatasets")
@TABLE.on("POST", "dataset/v1.0/{ws}/saveddatasets/ensureSaved")
@TABLE.on("POST", "dataset/v1.0/{ws}/saveddatasets/from")
def make_saved(emulator: Emulator, call: Call) -> Any:
    """Keep a definition without a name."""
    given = call.json()
    saved = save(emulator, given.get("dataflow") or given.get("dataflowJson"))
    emulator.state.saved[saved]["type"] = given.get("datasetType")
    return {name: value for name, value in given.items() if name != "id"} | {"id": saved}


@TABLE.on("GET", "dataset/v1.0/{ws}/saveddatasets/{id}")
def get_saved(emulator: Emulator, call: Call) -> Any:
    """Return a definition."""
    found = emulator.state.saved.get(call["id"])
    return found or missing(f"saved dataset {call['id']}")


@TABLE.on("POST", "dataset/v1.0/{ws}/datasets")
def make(emulator: Emulator, call: Call) -> Any:
    """Register a version of a named dataset."""
    given = call.json()
    latest = given["latest"]
    allowed = call.query.get("ifExistsOk", "").lower() == "true"
    if given["name"] in emulator.state.datasets and not allowed:
        return refused(409, "UserError", f"there is already a dataset {given['name']}")
    saved = latest.get("savedDatasetId") or save(emulator, latest.get("dataflow"))
    facts = {"type": given.get("datasetType"), "tags": given.get("tags")}
    return _described(emulator, register(emulator, given["name"], saved, **facts))


@TABLE.on("GET", "dataset/v1.0/{ws}/datasets/query/name={name}")
def by_name(emulator: Emulator, call: Call) -> Any:
    """Find a dataset by its name, and its version where one is asked for."""
    versions = emulator.state.datasets.get(call["name"])
    if not versions:
        return missing(f"dataset {call['name']}")
    return _described(emulator, versions[-1])


@TABLE.on("GET", "dataset/v1.0/{ws}/datasets/{id}/versions/{version}")
def by_version(emulator: Emulator, call: Call) -> Any:
    """Return one version of a dataset."""
    for versions in emulator.state.datasets.values():
        for one in versions:
            if one["id"] == call["id"] and str(one["version"]) == call["version"]:
                return _described(emulator, one)["latest"]
    return missing(f"version {call['version']} of dataset {call['id']}")


@TABLE.on("GET", "data/v1.0/{ws}/dataversion/{name}/versions/{version}")
def data_version(emulator: Emulator, call: Call) -> Any:
    """Return the definition that a version stands for."""
    name = call["name"].removeprefix("unregistered-")
    known = emulator.state.datasets.get(name, [])
    found = next((one for one in known if str(one["version"]) == call["version"]), None)
    saved = emulator.state.saved.get(found["saved"] if found else name)
    if saved is None:
        return missing(f"data {call['name']}")
    return {
        "legacyDataflow": saved["dataflow"],
        "dataVersion": {"dataUri": None, "dataType": "UriFolder"},
    }


def _described(emulator: Emulator, one: Document) -> Any:
    return {
        "datasetId": one["id"],
        "datasetState": {"state": "active"},
        "latest": {
            "datasetId": one["id"],
            "versionId": str(one["version"]),
            "dataflow": emulator.state.saved[one["saved"]]["dataflow"],
            "savedDatasetId": one["saved"],
            "properties": {},
            "createdTime": now(),
        },
        "createdTime": now(),
        "modifiedTime": now(),
        "name": one["name"],
        "description": None,
        "tags": one.get("tags") or {},
        "isVisible": True,
        "datasetType": one.get("type") or "file",
    }
