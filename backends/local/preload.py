"""Importing ahead, in the fork server, what the steps that it will start ask for.

A package NAME that has to be imported in a way of its own is imported by a script's sibling
`_import_NAME.py`. That file is run here as it would be in a step. Only a step that brings the same
file finds the package imported; any other imports it anew, as it would without a server.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from concrete_cli.code import OWN_WAY
from concrete_cli.plan import is_module

from .fresh import FromText
from .observe import libraries


@dataclass(frozen=True)
class _Way:
    """How a package was imported: by a file, which has become a module."""

    path: str
    text: bytes
    module: ModuleType


_ways: dict[str, _Way] = {}  # by package
_foreign: set[str] = set()  # modules that no version stands for, imported by a library


def load(wanted: str) -> None:
    """Import a module, or run a file `_import_NAME.py`, once; no other file is run.

    What cannot be imported is left for the script to complain of.
    """
    with contextlib.suppress(BaseException):  # some modules exit when they are imported
        if Path(wanted).name.startswith(OWN_WAY):
            _run(wanted)
        elif is_module(wanted) and wanted not in sys.modules:
            before = set(sys.modules)
            try:
                importlib.import_module(wanted)
            finally:
                _foreign.update(filter(_may_change, sys.modules.keys() - before))
    for stream in (sys.stdout, sys.stderr):
        stream.flush()  # or each child prints it again


def is_fresh() -> bool:
    """Whether no library has brought along code that may have changed since it was imported."""
    return not _foreign


def settle(wanted: Iterable[str]) -> None:
    """In a child that wants these: let it find the files that were run for it, and no others."""
    here = set(wanted)
    for package, way in _ways.items():
        if way.path in here:
            sys.modules[way.module.__name__] = way.module
        else:
            _drop(package)


def _may_change(name: str) -> bool:
    module = sys.modules.get(name)
    if module is sys.modules["__main__"]:
        return False  # multiprocessing gives the server itself a second name
    file = getattr(module, "__file__", None)
    return bool(file) and not os.path.abspath(str(file)).startswith(libraries())  # noqa: PTH100


def _run(path: str) -> None:
    name = Path(path).stem
    package = name.removeprefix(OWN_WAY)
    text = Path(path).read_bytes()
    if package in _ways and (_ways[package].path, _ways[package].text) == (path, text):
        return
    _drop(package)
    loader = FromText(name, path)
    spec = importlib.util.spec_from_file_location(name, path, loader=loader)
    if spec:
        module = importlib.util.module_from_spec(spec)
        _ways[package] = _Way(path, text, module)
        try:
            loader.exec_module(module)
        except BaseException:
            _drop(package)  # half of it may be there
            del _ways[package]
            raise


def _drop(package: str) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        del sys.modules[name]
