"""The files that a script is made of: itself, and each sibling that it imports, directly or not."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path

BY_NAME = ("import_module", "__import__")  # functions that import what a text names
SITES = {"site-packages", "dist-packages"}
STANDARD = Path(os.__file__).parent


def closure(script: Path) -> dict[str, Path]:
    """Return name -> file, the names as the script's folder has them."""
    return _closure([(script.parent, script)], lambda _: [])


def own_modules(models: Iterable[str]) -> dict[str, Path]:
    """Return name -> file of the user's own modules among `module:Class`, with what they import.

    A module that is installed is none: it comes with its library.
    """
    tops = {model.partition(":")[0].partition(".")[0] for model in models if ":" in model}
    return _closure([file for top in sorted(tops) for file in _elsewhere(top)], _elsewhere)


def _closure(
    waiting: list[tuple[Path, Path]], elsewhere: Callable[[str], list[tuple[Path, Path]]]
) -> dict[str, Path]:
    """Return name -> file of files, given with the folder on sys.path, and of what they import."""
    found: dict[str, Path] = {}
    while waiting:
        folder, path = waiting.pop()
        name = path.relative_to(folder).as_posix()
        if name in found:
            continue
        found[name] = path
        for module in imports(path):
            top = module.partition(".")[0]
            waiting += _module(folder, top) or elsewhere(top)
    return dict(sorted(found.items()))


def _module(folder: Path, top: str) -> list[tuple[Path, Path]]:
    """Return the files of a module in a folder, each with the folder."""
    if (folder / f"{top}.py").is_file():
        return [(folder, folder / f"{top}.py")]
    if (folder / top / "__init__.py").is_file():
        return [(folder, path) for path in sorted((folder / top).rglob("*.py"))]
    return []


def _elsewhere(top: str) -> list[tuple[Path, Path]]:
    """Return the files of a module that is neither installed nor part of Python."""
    spec = None if top in sys.stdlib_module_names else find_spec(top)
    if spec is None or not spec.origin or not spec.has_location:
        return []
    path = Path(spec.origin).resolve()
    if SITES & {*path.parts} or path.is_relative_to(STANDARD):
        return []
    return _module(path.parents[1 if path.name == "__init__.py" else 0], top)


def imports(path: Path) -> set[str]:
    """Return the dotted names of the modules that a file imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes(), str(path))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            function = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if function in BY_NAME and isinstance(node.args[0].value, str):
                names.add(node.args[0].value)
    return names
