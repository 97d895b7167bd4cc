"""Importing a step's own modules from their text, never from bytecode.

Python takes bytecode for fresh when the source has the same size and the same second of change: a
module that is edited twice within a second would run as it was, under the digest of what it is.
"""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Iterable
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
)
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


def compile_ahead(paths: Iterable[str]) -> None:
    """Compile files once for all the processes that will be forked from this one."""
    for path in paths:
        # What does not compile in silence is left to the step: its log is the place to say so.
        with contextlib.suppress(OSError, SyntaxError, ValueError, Warning):
            text = Path(path).read_bytes()
            if path not in _compiled or _compiled[path][0] != text:
                _compiled.pop(path, None)
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    _compiled[path] = text, compile(text, path, "exec", dont_inherit=True)


def import_from_text(folders: Iterable[str]) -> None:
    """Have the modules in these folders, but not in those below them, imported in this way."""
    fresh = frozenset(folders)

    def finder(folder: str) -> FileFinder:
        if folder not in fresh:
            raise ImportError(folder)
        extensions = (ExtensionFileLoader, EXTENSION_SUFFIXES)
        return FileFinder(folder, extensions, (FromText, SOURCE_SUFFIXES))

    sys.path_hooks.insert(0, finder)
    for folder in fresh:
        sys.path_importer_cache.pop(folder, None)
