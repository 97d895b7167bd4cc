"""Which files and libraries a step script is made of."""

from __future__ import annotations

import ast
import glob
import os
import shutil
import sys
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

from concrete_cli import digest, installed, payload, syspath
from concrete_cli.errors import ExperimentInvalid, Problem
from concrete_cli.plan import Step

# A file as it looks from outside: path, inode, size, both times in nanoseconds.
Look = tuple[str, int, int, int, int]
KEPT = 4096  # files
OWN_WAY = (
    "_import_"  # begins the name of a module that imports the package NAME in a way of its own
)
SUFFIXES = (".py", *EXTENSION_SUFFIXES)
BY_NAME = ("import_module", "__import__", "run_module")  # functions that import what a text names
LATE = "?"  # ends the name of a module that is imported inside functions only
# What was read in a file: dotted names of modules, and absolute folders that it adds to sys.path.
_known: dict[Look, frozenset[str]] = {}


def made_of(step: Step) -> dict[str, Path]:
    """Return the files of a step: script, own modules, what they import, and declared files."""
    return closure(payload.script(step.script), step.modules, step.libraries, step.files)


def closure(
    script: Path,
    modules: Iterable[str] = (),
    named: Iterable[str] = (),
    files: Iterable[str] = (),
) -> dict[str, Path]:
    """Return the script and all that it imports, directly or not, but what is installed.

    `modules` are files of the user's own that belong to it as well, with their siblings; `named`
    are modules that it imports by a name known only when it runs; `files` are patterns of files
    that it reads or starts. Keys are the names relative to the folder on sys.path: the layout that
    must travel. Where two folders have a module of one name, the script's goes first, as on
    sys.path.
    """
    given = [script, *map(Path, modules)]
    roots = dict.fromkeys(str(path.parent) for path in given)
    found: dict[str, Path] = {}
    seen: set[str] = set()
    wanted = {_top(module) for module in named}
    declared = [*map(Path, matching(files))]
    waiting = [(path.name, path) for path in given]
    while waiting or declared:
        if not waiting:
            places = [*roots, *(str(path)[: -len(name) - 1] for name, path in found.items())]
            waiting, declared = [(name_below(path, places), path) for path in declared], []
        for name, path in waiting:
            if name not in found:
                found[name] = path
                wanted |= {_top(module) for module in imports(path)}
                roots |= dict.fromkeys(_added(path))
        new, seen = sorted(wanted - seen), seen | wanted
        waiting = [file for module in new for file in _files(roots, module)]
    return found


def pattern(folder: Path, text: str) -> str:
    """Return what a declared file stands for: a file, all below a folder, or what matches it."""
    path = os.path.normpath(folder / text)
    if os.path.isdir(path):  # noqa: PTH112  never raises
        return os.path.join(glob.escape(path), "**")  # noqa: PTH118
    if os.path.lexists(path):
        return glob.escape(path)
    return os.path.normpath(os.path.join(glob.escape(str(folder)), text))  # noqa: PTH118


def matching(patterns: Iterable[str]) -> list[str]:
    """Return the files that match one of the patterns, each once; no bytecode."""
    found = [
        path
        for each in patterns
        for path in sorted(glob.glob(each, recursive=True, include_hidden=True))  # noqa: PTH207
        if "/__pycache__/" not in path and os.path.isfile(path)  # noqa: PTH113
    ]
    return list(dict.fromkeys(found))


def name_below(path: Path, folders: Sequence[str]) -> str:
    """Return the name of a file relative to the first folder that holds it, or to the last one."""
    folder = next((folder for folder in folders if path.is_relative_to(folder)), folders[-1])
    return Path(os.path.relpath(path, folder)).as_posix()


def stage(files: Mapping[str, Path], into: Path) -> None:
    """Copy the files of a closure to a folder, so that nothing else travels with them."""
    for name, path in files.items():
        if name.startswith("../"):
            message = (
                f"{path} cannot travel: it is not below the folder of the script that reads it"
            )
            raise ExperimentInvalid([Problem(message, help="move it there")])
        target = into / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)


def imports(path: Path) -> frozenset[str]:
    """Return the dotted names of the modules that a Python file imports, anywhere in it."""
    return frozenset(name.removesuffix(LATE) for name in _read(path) if not name.startswith(os.sep))


def known() -> list[tuple[Look, list[str]]]:
    """Return what was read in files so far, for another process to `recall`.

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
    """Return the dotted names of what the files import from outside: not their own, no stdlib."""
    return tuple(
        name for name in outside(files, named) if _top(name) not in sys.stdlib_module_names
    )


def outside(
    files: Mapping[str, Path], named: Iterable[str] = (), *, late: bool = True
) -> tuple[str, ...]:
    """Return the dotted names of all that the files import, save what they hold themselves.

    Without `late` it is what they import as they start, and not what they import inside functions.
    """
    whole, parts = _held(files)
    read = imports if late else _at_once
    wanted = {name for path in files.values() for name in read(path)} | set(named)
    return tuple(sorted(name for name in wanted if _top(name) not in whole and name not in parts))


def ahead(
    files: Mapping[str, Path], named: Iterable[str] = (), *, late: bool = True
) -> tuple[str, ...]:
    """Return what a fork server can import ahead for a script that is made of these files.

    These are names of modules, then the paths of the files `_import_NAME.py`: the package NAME is
    imported by running such a file.
    """
    ways = {name: path for name, path in files.items() if name.startswith(OWN_WAY)}
    packages = {name.removeprefix(OWN_WAY).removesuffix(".py") for name in ways}
    names = (name for name in outside(files, named, late=late) if _top(name) not in packages)
    return (*names, *map(str, ways.values()))


def versions(libraries: Iterable[str]) -> dict[str, str]:
    """Return the installed version of each top-level module; one that is missing is `absent`."""
    return {top: installed.version(top) for top in sorted({_top(name) for name in libraries})}


def _read(path: Path) -> frozenset[str]:
    if path.suffix != ".py":
        return frozenset()
    facts = os.stat(path)  # noqa: PTH116  a Path costs more than the call
    look = (str(path), facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)
    if look not in _known:
        if len(_known) >= KEPT:
            _known.clear()
        _known[look] = _imports(path)
    return _known[look]


def _at_once(path: Path) -> set[str]:
    return {name for name in _read(path) if not name.startswith(os.sep) and name[-1:] != LATE}


def _added(path: Path) -> list[str]:
    """Return the folders that a file adds to sys.path."""
    return sorted(name for name in _read(path) if name.startswith(os.sep))


def _imports(path: Path) -> frozenset[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Python has to say is for the step's own log
            text = path.read_bytes()
            tree = ast.parse(text, str(path))
    except (SyntaxError, ValueError):
        return frozenset()  # the step itself will say what is wrong, with its traceback
    names: dict[bool, set[str]] = {True: set(), False: set()}
    for node, late in _nodes(tree):
        names[late].update(_named(node))
    folders = syspath.added(tree, path) if syspath.touched(text) else ()
    return frozenset(
        {*folders, *names[False], *(f"{name}{LATE}" for name in names[True] - names[False])}
    )


def _nodes(tree: ast.AST) -> Iterator[tuple[ast.AST, bool]]:
    """Yield the nodes of a tree, and whether each is inside a function."""
    waiting = [(tree, False)]
    while waiting:
        node, late = waiting.pop()
        yield node, late
        late = late or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        waiting += [(inner, late) for inner in ast.iter_child_nodes(node)]


def _named(node: ast.AST) -> Iterator[str]:
    """Yield the modules that a statement or a call imports."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
        yield node.module
    elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
        function = getattr(node.func, "attr", getattr(node.func, "id", ""))
        text = node.args[0].value
        if function in BY_NAME and isinstance(text, str) and not text.startswith("."):
            yield text


def _files(roots: Iterable[str], module: str) -> list[tuple[str, Path]]:
    """Return the files of a module of the user's own: names relative to its root, and paths."""
    for root in roots:
        folder = os.path.join(root, module)  # noqa: PTH118  a Path costs more than the look
        if os.path.isfile(os.path.join(folder, "__init__.py")):  # noqa: PTH113, PTH118
            return list(_inside(Path(folder)))
        if os.path.isfile(f"{folder}.py"):  # noqa: PTH113
            return [(f"{module}.py", Path(f"{folder}.py"))]
    elsewhere = installed.origin(module)
    if elsewhere.found and not elsewhere.namespace:
        return [file for path in elsewhere.own for file in _inside(path)]
    # A folder without __init__.py comes after every module of that name.
    beside = [Path(root, module) for root in roots]
    compiled = [Path(f"{path}{suffix}") for path in beside for suffix in EXTENSION_SUFFIXES]
    places = [path for path in (*compiled, *beside) if path.exists()][:1]
    return [file for path in (*places, *elsewhere.own) for file in _inside(path)]


def _inside(place: Path) -> Iterator[tuple[str, Path]]:
    """Yield name and path of a module's file, or of each in its folder."""
    if place.is_file():
        yield place.name, place
        return
    for folder, inside, files in os.walk(place):
        inside[:] = sorted(name for name in inside if not name.startswith((".", "__pycache__")))
        for name in sorted(files):
            if name.endswith(SUFFIXES):
                path = Path(folder, name)
                yield path.relative_to(place.parent).as_posix(), path


def _held(files: Iterable[str]) -> tuple[set[str], set[str]]:
    """Return the top-level modules that are in the files as a whole, then dotted names of parts."""
    whole: set[str] = set()
    parts: set[str] = set()
    for file in files:
        if file.endswith(SUFFIXES):
            *folders, name = file.split("/")
            names = folders if name == "__init__.py" else [*folders, name.partition(".")[0]]
            if len(names) == 1:
                whole.add(names[0])
            parts |= {".".join(names[: number + 1]) for number in range(len(names))}
    return whole, parts


def _top(name: str) -> str:
    return name.partition(".")[0]
