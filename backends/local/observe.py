"""Seeing, inside a step, what it imports, and what it uses that is not in its recipe.

An audit hook (https://peps.python.org/pep-0578/) hears of every file that Python opens and of every
program that it starts. What counts are files below the folders of the step's own code, and code
from anywhere but an installed library. Libraries that open files by other means go unheard.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, cached_property
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import source_from_cache
from itertools import pairwise
from typing import Any

WRITES = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
SITES = ("site-packages", "dist-packages")
CODE = (".py", *EXTENSION_SUFFIXES)
VERSION_CONTROL = (".git", ".hg", ".svn")
MOST = 1 << 16  # names that are remembered
MOST_IMPORTS = 500


class Imports:
    """Hears of each module that is looked for, as the first on sys.meta_path, and finds none."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._now = ""

    def start(self) -> None:
        """Begin to listen."""
        sys.meta_path.insert(0, self)

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Take note, unless another module that was noted is being imported: it brings this one."""
        del path, target
        spec = getattr(sys.modules.get(self._now), "__spec__", None)
        if not getattr(spec, "_initializing", False) and len(self._names) < MOST_IMPORTS:
            self._now = name
            self._names.append(name)

    def tell(self, file: str) -> None:
        """Write down what was noted and is installed, if there is any."""
        if names := [name for name in self._names if _is_installed(name)]:
            with open(file, "w", encoding="utf-8") as written:  # noqa: PTH123
                json.dump(names, written)


class Observer:
    """Writes a line of JSON, in the file that the orders of a step name, of what they leave out."""

    def __init__(self, orders: Mapping[str, Any]) -> None:
        self._orders = orders
        self._seen: set[str] = set()

    def start(self) -> None:
        """Begin to listen; this cannot be ended."""
        sys.addaudithook(self._hear)

    def _hear(self, event: str, facts: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = facts
            if not isinstance(path, int):
                self._opened(path, flags)
        elif event in USES:
            with contextlib.suppress(Exception):  # what is wrong with it the step will find
                for path in USES[event](*facts):
                    self._used(_absolute(path))

    def _opened(self, path: Any, flags: int) -> None:
        if flags & WRITES and isinstance(path, str) and path[:1] == os.sep:
            self._seen.add(path)  # the quick way for what most steps do
            return
        with contextlib.suppress(Exception):
            if flags & WRITES:
                self._seen.add(_absolute(path))  # what it has made itself it may read
            else:
                self._used(_absolute(path))

    def _used(self, path: str) -> None:
        if path in self._seen:
            return
        if len(self._seen) >= MOST:
            self._seen.clear()
        self._seen.add(path)
        if path.endswith(".pyc") and f"{os.sep}__pycache__{os.sep}" in path:
            path = source_from_cache(path)
        if self._is_unlisted(path) and os.path.isfile(path):  # noqa: PTH113  text is quicker
            log = os.open(self._orders["unlisted"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            os.write(log, json.dumps(path).encode() + b"\n")
            os.close(log)

    def _is_unlisted(self, path: str) -> bool:
        if path in self._listed or path.startswith(self._spared):
            return False
        if path.endswith(CODE) and not path.startswith(libraries()):
            return True
        beside = path.startswith(self._folders) and not path.startswith(self._within)
        return beside and not any(f"{os.sep}{name}{os.sep}" in path for name in VERSION_CONTROL)

    @cached_property
    def _listed(self) -> set[str]:
        return {*_real([*self._orders["files"].values(), *self._orders["spared"]])}

    @cached_property
    def _spared(self) -> tuple[str, ...]:
        """Inputs, outputs and our own code."""
        ours = _absolute(__file__).rpartition(f"{os.sep}local{os.sep}")[0]
        return _below([ours, *self._orders["spared"]])

    @cached_property
    def _folders(self) -> tuple[str, ...]:
        """Where the step's own code is."""
        folders = _below(os.path.dirname(path) for path in self._orders["files"].values())  # noqa: PTH120
        return tuple(path for path in folders if not path.startswith(self._spared))

    @cached_property
    def _within(self) -> tuple[str, ...]:
        """What may be below those folders and is not theirs: an environment, temporary files."""
        temporary = os.environ.get("TMPDIR", "/tmp")  # noqa: S108  only to know it
        places = (*libraries(), *_below([sys.prefix, sys.base_prefix, temporary]))
        return tuple(
            path for path in places if not any(one.startswith(path) for one in self._folders)
        )


@cache
def libraries() -> tuple[str, ...]:
    """Return what the path of a file begins with that belongs to Python or to what is installed."""
    sites = [path for path in sys.path if os.path.basename(path) in SITES]  # noqa: PTH119
    return _below([os.path.dirname(os.__file__), *sites])  # noqa: PTH120


def _is_installed(module: str) -> bool:
    spec = getattr(sys.modules.get(module), "__spec__", None)
    return spec is not None and (not spec.has_location or spec.origin.startswith(libraries()))


def _absolute(path: Any) -> str:
    return os.path.abspath(os.fsdecode(path))  # noqa: PTH100  text is quicker


def _real(paths: Iterable[str]) -> Iterator[str]:
    """Yield paths as they are given and as links lead."""
    for path in paths:
        yield from {_absolute(path), os.path.realpath(path)}


def _below(folders: Iterable[str]) -> tuple[str, ...]:
    """Return what a path begins with that is below one of the folders."""
    return tuple(path.rstrip(os.sep) + os.sep for path in _real(folders))


def _programs(words: Any, cwd: Any = None) -> Iterator[str]:
    """Yield the files that a command line may name, or that Python would find by -m."""
    single = isinstance(words, str | bytes | os.PathLike)
    texts = [os.fsdecode(word) for word in ([words] if single else words)]
    for text in [*texts]:
        with contextlib.suppress(ValueError):
            texts += shlex.split(text) if " " in text else []
    here = os.fsdecode(cwd) if cwd else os.getcwd()  # noqa: PTH109
    yield from (os.path.join(here, text) for text in texts)  # noqa: PTH118
    folders = (here, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep)))
    for flag, name in pairwise(texts):
        for folder in folders if flag == "-m" else ():
            module = os.path.join(folder, *name.split("."))  # noqa: PTH118
            yield from (f"{module}.py", os.path.join(module, "__main__.py"))  # noqa: PTH118


# The events besides `open` that name files, and how to find them in what each tells.
USES: Mapping[str, Callable[..., Iterable[Any]]] = {
    "import": lambda _, file, *__: [file] if file else [],  # of compiled modules
    "sqlite3.connect": lambda database: [database],
    "subprocess.Popen": lambda _, words, cwd, __: _programs(words, cwd),
    "os.system": _programs,
    "os.exec": lambda program, words, _: _programs([program, *words]),
    "os.posix_spawn": lambda program, words, _: _programs([program, *words]),
}
