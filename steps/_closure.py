"""The files that a script is made of: itself, and each sibling that it imports, directly or not."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path


def closure(script: Path) -> dict[str, Path]:
    """Return name -> file, the names as the script's folder has them."""
    return _closure(script.parent, [script])


def own_modules(models: Iterable[str]) -> dict[str, Path]:
    """Return name -> file of the user's own modules among `module:Class`, with what they import.

    A module that is installed is none: it comes with its library.
    """
    found: dict[str, Path] = {}
    installed = {Path(prefix).resolve() for prefix in (sys.prefix, sys.base_prefix)}
    for top in sorted(
        {model.partition(":")[0].partition(".")[0] for model in models if ":" in model}
    ):
        spec = find_spec(top)
        path = Path(spec.origin).resolve() if spec and spec.origin else None
        if path and not any(path.is_relative_to(place) for place in installed):
            package = path.name == "__init__.py"
            folder = path.parents[1] if package else path.parent
            found |= _closure(folder, sorted(path.parent.rglob("*.py")) if package else [path])
    return found


def _closure(folder: Path, scripts: list[Path]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    waiting = [*scripts]
    while waiting:
        path = waiting.pop()
        name = path.relative_to(folder).as_posix()
        if name in found:
            continue
        found[name] = path
        for module in imports(path):
            top = module.partition(".")[0]
            if (folder / f"{top}.py").is_file():
                waiting.append(folder / f"{top}.py")
            elif (folder / top / "__init__.py").is_file():
                waiting += sorted((folder / top).rglob("*.py"))
    return dict(sorted(found.items()))


def imports(path: Path) -> set[str]:
    """Return the dotted names of the modules that a file imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes(), str(path))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module)
    return names
