"""What concrete finds on this machine, without importing anything heavy."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from concrete_cli import __version__, backend, code, settings, workspace

LIBRARIES = ("sklearn", "pandas", "pyarrow", "xgboost", "lightgbm", "optuna", "skops")
ADVICE = ("support",)  # findings that are good to know, and keep nothing from running
# What each extra installs first; asking importlib for the module would import its parents.
EXTRAS = {
    "azureml": "azureml-core",
    "azureml-v2": "azure-ai-ml",
    "fsspec": "fsspec",
    "mlflow": "mlflow-skinny",
}


def examine(home: Path | None) -> dict[str, dict[str, Any]]:
    """Return what `concrete doctor` prints, under a title each."""
    return {
        "concrete": {
            "version": __version__,
            "python": f"{platform.python_version()} ({sys.executable})",
            "system": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
            "warm start": "yes" if fork_is_safe() else "no: a fresh interpreter per step",
        },
        "libraries": code.versions(LIBRARIES),
        "extras": {name: _extra(package) for name, package in EXTRAS.items()},
        "backends": _backends(),
        "disk": _disk(home),
    }


def of_backend(name: str, experiment: Path | None, *, live: bool) -> list[dict[str, Any]]:
    """Return what, ok, detail and help of each thing that a run on a cloud needs.

    Only `live` asks the cloud.
    """
    module = settings.needed_part(name, "doctor", "is not a cloud: leave --backend out")
    found = module.examine(settings.of_file(name, experiment), live=live)
    return [vars(finding) for finding in found]


def fork_is_safe() -> bool:
    """Whether children of a process that has imported the libraries work: on Linux they do."""
    return sys.platform == "linux"


def _extra(package: str) -> str:
    try:
        return f"installed, {metadata.version(package)}"
    except metadata.PackageNotFoundError:
        return "not installed"


def _backends() -> dict[str, str]:
    found = dict.fromkeys(backend.BACKENDS, "")
    for name in found:
        extra = backend.EXTRAS.get(name)
        ready = extra is None or _extra(EXTRAS[extra]) != "not installed"
        found[name] = "ready" if ready else f"needs: pip install 'concrete-cli[{extra}]'"
    points = metadata.entry_points(group="concrete.backends")
    return found | {point.name: point.value for point in points}


def _disk(home: Path | None) -> dict[str, str]:
    """Look only: a home that is not there yet is not made for this."""
    space = workspace.there(home)
    if not space:
        return {"home": "none here yet"}
    free = shutil.disk_usage(space.home).free
    used = sum(_size(file) for file in space.home.rglob("*"))
    return {"home": str(space.home), "used": f"{used / 1e6:.1f} MB", "free": f"{free / 1e9:.1f} GB"}


def _size(file: Path) -> int:
    with contextlib.suppress(FileNotFoundError):  # a run may be at work here
        return 0 if file.is_dir() else file.lstat().st_size
    return 0
