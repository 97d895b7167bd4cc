"""Which files and libraries a step script is made of."""

from __future__ import annotations

import ast
import contextlib
import functools
import os
import re
import shutil
import sys
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from concrete_cli import digest

# A file as it looks from outside: path, inode, size, both times in nanoseconds.
Look = tuple[str, int, int, int, int]
KEPT = 4096  # files
OWN_WAY = (
    "_import_"  # begins the name of a module that imports the package NAME in a way of its own
)
_known: dict[Look, frozenset[str]] = {}
# Names under which well-known modules are published, to spare a search of all that is installed.
PUBLISHED_AS = {
    "sklearn": ("scikit-learn",),
    "xgboost": ("xgboost", "xgboost-cpu"),
    "yaml": ("PyYAML",),
    "PIL": ("pillow",),
}


def closure(script: Path, modules: Iterable[str] = ()) -> dict[str, Path]:
    """Return the script and every sibling module that it imports, directly or not.

    `modules` are files of the user's own that belong to it as well, with their siblings. Keys
    are the names relative to the folder of the script or module: the layout that must travel.
    Where two folders have a module of one name, the script's goes first, as on sys.path.
    """
    given = [script, *map(Path, modules)]
    roots = tuple(dict.fromkeys(str(path.parent) for path in given))
    found: dict[str, Path] = {}
    seen: set[str] = set()
    waiting = [(path.name, path) for path in given]
    for name, path in waiting:
        if name in found:
            continue
        found[name] = path
        new = {_top(module) for module in imports(path)} - seen
        seen |= new
        for module in sorted(new):
            waiting += _siblings(roots, module)
    return found


def stage(files: Mapping[str, Path], into: Path) -> None:
    """Copy the files of a closure to a folder, so that nothing else travels with them."""
    for name, path in files.items():
        target = into / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)


def imports(path: Path) -> frozenset[str]:
    """Return the dotted names of the modules that a Python file imports, anywhere in it."""
    facts = os.stat(path)  # noqa: PTH116  a Path costs more than the call
    look = (str(path), facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)
    if look not in _known:
        if len(_known) >= KEPT:
            _known.clear()
        _known[look] = _imports(path)
    return _known[look]


def known() -> list[tuple[Look, list[str]]]:
    """Return what `imports` has found so far, for another process to `recall`.

    A file that was changed a moment ago may change again within one tick of the clock of its file
    system, and look the same: it is left out.
    """
    settled = time.time_ns() - digest.TICK
    return [(look, sorted(names)) for look, names in _known.items() if max(look[3:]) < settled]


def recall(found: Iterable[tuple[Iterable[Any], Iterable[str]]]) -> None:
    """Take over what another process has found; a file that has changed since is read again."""
    for look, names in found:
        path, inode, size, modified, changed = look
        _known[path, inode, size, modified, changed] = frozenset(names)


def libraries(files: Mapping[str, Path], named: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the dotted names of what the files import from outside: no siblings, no stdlib."""
    return tuple(
        name for name in outside(files, named) if _top(name) not in sys.stdlib_module_names
    )


def outside(files: Mapping[str, Path], named: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the dotted names of all that the files import, their siblings excepted."""
    own = {name.partition("/")[0].removesuffix(".py") for name in files}
    wanted = {name for path in files.values() for name in imports(path)} | set(named)
    return tuple(sorted(name for name in wanted if _top(name) not in own))


def ahead(files: Mapping[str, Path], named: Iterable[str] = ()) -> tuple[str, ...]:
    """Return what a fork server can import ahead for a script that is made of these files.

    These are names of modules, then the paths of the files `_import_NAME.py`: the package NAME is
    imported by running such a file.
    """
    ways = {name: path for name, path in files.items() if name.startswith(OWN_WAY)}
    packages = {name.removeprefix(OWN_WAY).removesuffix(".py") for name in ways}
    names = (name for name in outside(files, named) if _top(name) not in packages)
    return (*names, *map(str, ways.values()))


def versions(libraries: Iterable[str]) -> dict[str, str]:
    """Return the installed version of each top-level module; one that is missing is `absent`."""
    return {top: _version(top) for top in sorted({_top(name) for name in libraries})}


def _imports(path: Path) -> frozenset[str]:
    names: set[str] = set()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Python has to say is for the step's own log
            tree = ast.parse(path.read_bytes(), str(path))
    except (SyntaxError, ValueError):
        return frozenset()  # the step itself will say what is wrong, with its traceback
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module)
    return frozenset(names)


def _siblings(roots: Iterable[str], name: str) -> list[tuple[str, Path]]:
    """Return the files of a module in the first folder that has it, in the order of Python."""
    for root in roots:
        folder = os.path.join(root, name)  # noqa: PTH118  a Path costs more than the look
        if os.path.isfile(os.path.join(folder, "__init__.py")):  # noqa: PTH113, PTH118
            return list(_inside(root, folder))
        if os.path.isfile(f"{folder}.py"):  # noqa: PTH113
            return [(f"{name}.py", Path(f"{folder}.py"))]
    for root in roots:  # a folder without __init__.py comes after every module of that name
        folder = os.path.join(root, name)  # noqa: PTH118
        if name not in sys.stdlib_module_names and os.path.isdir(folder):  # noqa: PTH112
            return list(_inside(root, folder))
    return []


def _inside(root: str, folder: str) -> Iterator[tuple[str, Path]]:
    for path in sorted(Path(folder).rglob("*.py")):
        yield path.relative_to(root).as_posix(), path


def _top(name: str) -> str:
    return name.partition(".")[0]


@functools.cache
def _version(module: str) -> str:
    names = PUBLISHED_AS.get(module, (module,))
    for name in names:
        if found := _installed().get(_canonical(name)):
            return found
    from importlib import metadata  # 20 ms, and rarely needed: what is no wheel, other names

    published = metadata.packages_distributions().get(module, ())
    for name in (*names, *published):
        with contextlib.suppress(metadata.PackageNotFoundError):
            return metadata.version(name)
    return "absent"


@functools.cache
def _installed() -> dict[str, str]:
    """Return what is installed, by the folders in which wheels describe themselves.

    https://packaging.python.org/en/latest/specifications/recording-installed-packages/
    """
    found: dict[str, str] = {}
    for place in sys.path:
        with contextlib.suppress(OSError):
            for entry in os.listdir(place or "."):  # noqa: PTH208  a Path costs more than the call
                if entry.endswith(".dist-info"):
                    name, _, version = entry.removesuffix(".dist-info").partition("-")
                    found.setdefault(_canonical(name), version)
    return found


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()
