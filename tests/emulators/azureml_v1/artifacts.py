"""The files that belong to runs, models and uploads: blobs with an origin and a container."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import blobs
from .routing import Call, Table
from .state import now

if TYPE_CHECKING:
    from .server import Emulator

TABLE = Table()
HOME = "azureml"
LOG = "user_logs/std_log.txt"


def run_prefix(run: str) -> str:
    """Return where the files of a run are kept in the store."""
    return f"ExperimentRun/dcid.{run}"


def logs(emulator: Emulator, run: str) -> dict[str, str]:
    """Return the address of each log file of a run."""
    prefix = run_prefix(run)
    names = (path.removeprefix(f"{prefix}/") for path in _paths(emulator, prefix))
    return {
        name: blobs.url(HOME, f"{prefix}/{name}")
        for name in names
        if name.startswith(("user_logs/", "system_logs/"))
    }


@TABLE.on("POST", "artifact/v2.0/{ws}/artifacts/batch/metadata/{origin}/{container}")
def reserve(_emulator: Emulator, call: Call) -> Any:
    """Name the places to which files may be uploaded."""
    origin, container = call["origin"], call["container"]
    paths = [one["path"] for one in call.json()["paths"]]
    return {
        "artifacts": {path: _facts(origin, container, path) for path in paths},
        "artifactContentInformation": {path: _place(origin, container, path) for path in paths},
        "errors": {},
    }


@TABLE.on("GET", "artifact/v2.0/{ws}/artifacts/prefix/contentinfo/{path...}")
def by_prefix(emulator: Emulator, call: Call) -> Any:
    """Say where the files are whose names start so."""
    found = [name.split("/", 2) for name in _paths(emulator, call["path"])]
    return {"value": [_place(*parts) for parts in found], "continuationToken": None}


@TABLE.on("GET", "artifact/v2.0/{ws}/artifacts/contentinfo/{origin}/{container}/{path...}")
def one(_emulator: Emulator, call: Call) -> Any:
    """Say where one file is."""
    return _place(call["origin"], call["container"], call["path"])


def _paths(emulator: Emulator, prefix: str) -> list[str]:
    root = blobs.path_of(emulator, HOME, "")
    found = (path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    return sorted(name for name in found if name == prefix or name.startswith(prefix))


def _facts(origin: str, container: str, path: str) -> Any:
    name = f"{origin}/{container}/{path}"
    where = {"origin": origin, "container": container, "path": path}
    return {"artifactId": name, "createdTime": now()} | where


def _place(origin: str, container: str, path: str) -> Any:
    where = {"origin": origin, "container": container, "path": path}
    return {"contentUri": blobs.url(HOME, f"{origin}/{container}/{path}")} | where
