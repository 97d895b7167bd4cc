"""Snapshots: the folders of the scripts, uploaded file by file: what differs from the last."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from . import blobs
from .routing import Call, Table, missing
from .state import Document, now, uid

if TYPE_CHECKING:
    from .server import Emulator

TABLE = Table()
PLACE = "snapshots"
NOTHING = "00000000-0000-0000-0000-000000000000"


def restore(emulator: Emulator, snapshot: str, into: Path) -> None:
    """Write the files of a snapshot to a folder: a step sees these and no others."""
    for name, blob in emulator.state.snapshots[snapshot].items():
        target = into / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(blobs.path_of(emulator, PLACE, blob), target)


@TABLE.on("GET", "content/v1.0/{ws}/snapshots/latest/metadata")
def latest(_emulator: Emulator, _call: Call) -> Any:
    """Know no earlier snapshot; the SDK remembers its own last one."""
    root: Document = {
        "name": "", "hash": None, "type": "Directory", "timestamp": now(), "sasUrl": None,
        "absoluteUrl": None, "sizeBytes": 0, "sizeSet": True, "children": {},
    }  # fmt: skip
    return {"id": NOTHING, "root": root}


@TABLE.on("POST", "content/v2.0/{ws}/snapshots/getblob")
def places(_emulator: Emulator, call: Call) -> Any:
    """Name a blob for each file."""
    group = uid()
    return {
        "fileNodes": [
            {"fullName": name, "blobUri": blobs.url(PLACE, f"{group}/{name}")}
            for name in call.json()["FileNames"]
        ]
    }


@TABLE.on("POST", "content/v2.0/{ws}/snapshots/{id}")
def make(emulator: Emulator, call: Call) -> Any:
    """Put a snapshot together: the files that were uploaded, and the parent's where unchanged."""
    given = call.json()
    parent = given["ParentSnapshotId"]
    if parent != NOTHING and parent not in emulator.state.snapshots:
        return missing(f"snapshot {parent}", "NotFound")  # the SDK remembers another workspace's
    fresh = {
        one["FullName"]: unquote(urlsplit(one["BlobUri"]).path).split("/", 2)[2]
        for one in given["FileRevisionList"]["FileNodes"]
    }
    known = emulator.state.snapshots.get(parent, {}) | fresh
    emulator.state.snapshots[call["id"]] = {
        name: known[name] for name in _names(given["DirTreeNode"])
    }
    return {"id": call["id"], "createdTime": now()}


def _names(tree: Document, above: str = "") -> Iterator[str]:
    for name, child in tree["children"].items():
        if child["type"] == "Directory":
            yield from _names(child, f"{above}{name}/")
        else:
            yield f"{above}{name}"
