"""Where the folders that travel beside the code are: `steps`, `configs`, `data`."""

from __future__ import annotations

import importlib
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Literal

from concrete_cli.errors import NotFound

HERE = Path(__file__).resolve().parent


@cache
def folder(name: Literal["steps", "configs", "data"]) -> Path:
    """Return a payload folder: inside the package when installed, beside it in a checkout."""
    inside = HERE / name
    return inside if inside.is_dir() else HERE.parent / name


def script(name: str) -> Path:
    """Return the shipped step script called `name`, such as `train.py`."""
    path = folder("steps") / name
    if not path.is_file():
        scripts = sorted(path.name for path in folder("steps").glob("[!_]*.py"))
        raise NotFound("step script", name, scripts)
    return path


@cache
def module(
    name: Literal["_families", "_files", "_expression", "_spaces"],
) -> ModuleType:
    """Import a module of `steps/` that needs nothing but the standard library."""
    steps = str(folder("steps"))
    sys.path.insert(0, steps)
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(steps)
