"""Loading the model of a bundle, in the process that serves it."""

from __future__ import annotations

import importlib
import sys
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

from concrete_cli import disk

from . import bundles

MANIFEST = "model/manifest.json"


def load(bundle: Path) -> Any:
    """Import the score.py of a bundle, load its model, return the module.

    scikit-learn and lightgbm import pandas because it is there: a quarter of a second, and memory.
    The rows of a request are lists, so no shipped family has a use for it; code that a user's own
    model brings may have one.
    """
    bundles.check(bundle)
    if not disk.read_json(bundle / MANIFEST).get("code"):
        sys.meta_path.insert(0, _Without("pandas"))
    sys.path.insert(0, str(bundle / "code"))
    score = importlib.import_module("score")
    score.LOADED["model"] = score.load(bundle)
    return score


class _Without(MetaPathFinder):
    """Makes a library look as if it were not installed."""

    def __init__(self, library: str) -> None:
        self._library = library

    def find_spec(self, name: str, *_: object) -> None:
        """Refuse the library; leave all others to the finders behind this one."""
        if name == self._library:
            raise ModuleNotFoundError(f"{name} is not for this process", name=name)
