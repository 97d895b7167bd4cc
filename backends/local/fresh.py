"""Importing a step's own modules from their text, never from bytecode.

Python takes bytecode for fresh when the source has the same size and the same second of change: a
module that is edited twice within a second would run as it was, under the digest of what it is.
"""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Iterable, Mapping
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    ModuleSpec,
    PathFinder,
    SourceFileLoader,
)
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType

_compiled: dict[str, tuple[bytes, CodeType]] = {}  # by path, with the text


class FromText(SourceFileLoader):
    """Compiles a module's text; neither reads nor writes bytecode."""

    def get_code(self, fullname: str) -> CodeType:
        """Return the code of the module, compiled by whoever we were forked from if it was."""
        path = self.get_filename(fullname)
        text = self.get_data(path)
        known = _compiled.get(path)
        if known and known[0] == text:
            return known[1]
        code: CodeType = self.source_to_code(text, path)
        return code


class _Elsewhere:
    """Finds top-level modules among files, wherever they are."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Return how to import a module of that name, if there is one."""
        del target
        for file in (f"{name}/__init__.py", f"{name}.py") if path is None else ():
            if place := self._files.get(file):
                inside = [os.path.dirname(place)] if "/" in file else None  # noqa: PTH120  text
                return spec_from_file_location(
                    name, place, loader=FromText(name, place), submodule_search_locations=inside
                )
        return None


def compile_ahead(paths: Iterable[str]) -> None:
    """Compile files once for all the processes that will be forked from this one."""
    for path in filter(_is_source, paths):
        # What does not compile in silence is left to the step: its log is the place to say so.
        with contextlib.suppress(OSError, SyntaxError, ValueError, Warning):
            text = Path(path).read_bytes()
            if path not in _compiled or _compiled[path][0] != text:
                _compiled.pop(path, None)
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    _compiled[path] = text, compile(text, path, "exec", dont_inherit=True)


def import_from_text(files: Mapping[str, str]) -> None:
    """Have these modules, and all in their folders but not below, imported in this way.

    `files` are paths by their names below a folder on sys.path. A module that is in no such folder,
    as in an editable install with a finder of its own, is found here before that finder is asked.
    """
    fresh = frozenset(os.path.dirname(path) for path in files.values())  # noqa: PTH120  text
    sys.meta_path.insert(sys.meta_path.index(PathFinder) + 1, _Elsewhere(files))

    def finder(folder: str) -> FileFinder:
        if folder not in fresh:
            raise ImportError(folder)
        extensions = (ExtensionFileLoader, EXTENSION_SUFFIXES)
        return FileFinder(folder, extensions, (FromText, SOURCE_SUFFIXES))

    sys.path_hooks.insert(0, finder)
    for folder in fresh:
        sys.path_importer_cache.pop(folder, None)


def _is_source(path: str) -> bool:
    return path.endswith(".py")
